/** Others' edits while the user composes with an input method, on a binding with a fake model and a fake input method. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { createFakeEditor, createFakeModel } from "./fake-model.testing.ts";
import { bindModel } from "./monaco-binding.ts";
import { createPerUserUndo } from "./per-user-undo.ts";

/** A user with the text on the screen and the cursor at an offset, and another user's replica of the document. */
function composer(content: string, cursor: number) {
  const [mine, theirs] = [new Y.Doc(), new Y.Doc()];
  const [text, other] = [mine.getText("content"), theirs.getText("content")];
  text.insert(0, content);
  const fake = createFakeModel(content);
  const composing = createFakeEditor(fake);
  /** Another view on the file, in which nobody composes. */
  const beside = createFakeEditor(fake);
  const own = {};
  const undo = createPerUserUndo(fake.model, text, own);
  const logged: string[] = [];
  const bind = (origin: object) =>
    bindModel({
      model: fake.model,
      text,
      origin,
      editors: () => [beside.editor, composing.editor],
      mayWrite: () => true,
      beforeEdit: undo.beforeEdit,
      log: (event) => logged.push(event),
    });
  const binding = bind(own);
  const hear = () => Y.applyUpdate(mine, Y.encodeStateAsUpdate(theirs, Y.encodeStateVector(mine)), "remote");
  const tell = () => Y.applyUpdate(theirs, Y.encodeStateAsUpdate(mine, Y.encodeStateVector(theirs)), "remote");
  tell();
  composing.cursor = cursor;
  return {
    input: composing,
    beside,
    compose: (part: string) => composing.compose(part),
    endComposition: () => composing.endComposition(),
    binding,
    bind,
    fake,
    undo,
    logged,
    other,
    document: text,
    hear,
    tell,
    /** Changes the text as the others have it; the binding gets the change at once. */
    others: (change: (shared: Y.Text) => void) => {
      tell();
      theirs.transact(() => change(other));
      hear();
    },
    /** Both texts, after all changes were exchanged. */
    texts: () => {
      tell();
      hear();
      return { page: fake.text, document: text.toJSON(), others: other.toJSON() };
    },
  };
}
const same = (text: string) => ({ page: text, document: text, others: text });

describe("while one composes", () => {
  test("an insertion in front of it on the line does not move what is replaced", () => {
    const it = composer("abc\nend", 3);
    it.compose("か");
    it.others((shared) => shared.insert(0, "Q"));
    it.compose("漢");
    it.endComposition();
    expect(it.texts()).toEqual(same("Qabc漢\nend"));
    expect(it.input.cursor).toBe(5);
    expect(it.logged).toEqual([]);
  });

  test("in one of two views, others' edits of its line are delayed, and those of other lines leave the cursor of each view", () => {
    const it = composer("abc\nend", 3);
    it.beside.cursor = 4;
    it.compose("か");
    it.others((shared) => {
      shared.insert(shared.toJSON().indexOf("end"), "Q");
      shared.insert(0, "R");
    });
    expect(it.texts().page).toBe("abcか\nQend");
    expect([it.input.cursor, it.beside.cursor]).toEqual([4, 5]);
    it.beside.endComposition();
    expect(it.texts().page).toBe("abcか\nQend");
    it.endComposition();
    expect(it.texts()).toEqual(same("Rabcか\nQend"));
    expect([it.input.listening(), it.beside.listening()]).toEqual([0, 0]);
  });

  test("others hear each step of the composition where it belongs", () => {
    const it = composer("abc", 3);
    it.compose("k");
    it.others((shared) => shared.insert(0, "Q"));
    it.compose("か");
    it.tell();
    expect(it.other.toJSON()).toBe("Qabcか");
    expect(it.fake.text).toBe("abcか");
  });

  test.each<[string, (shared: Y.Text) => void, string]>([
    ["a line split in front of it", (shared) => shared.insert(3, "\n"), "x\na\nbc漢z\nend"],
    ["a line split behind it", (shared) => shared.insert(shared.toJSON().indexOf("z"), "\n"), "x\nabc漢\nz\nend"],
    ["a join with the line before", (shared) => shared.delete(1, 1), "xabc漢z\nend"],
    ["a join with the line behind", (shared) => shared.delete(shared.toJSON().indexOf("\nend"), 1), "x\nabc漢zend"],
    ["a deletion in front of it", (shared) => shared.delete(2, 2), "x\nc漢z\nend"],
    ["the deletion of the line with it", (shared) => shared.delete(2, 6), "x\n漢end"],
    ["the deletion of the whole text", (shared) => shared.delete(0, shared.length), "漢"],
    ["an insertion right behind it", (shared) => shared.insert(shared.toJSON().indexOf("z"), "!"), "x\nabc漢!z\nend"],
    ["an insertion right in front of it", (shared) => shared.insert(5, "!"), "x\nabc!漢z\nend"],
  ])("%s", (_what, change, expected) => {
    const it = composer("x\nabcz\nend", 5);
    it.compose("か");
    it.others((shared) => change(shared));
    it.compose("漢");
    it.endComposition();
    expect(it.texts()).toEqual(same(expected));
    expect(it.fake.text.slice(0, it.input.cursor).at(-1)).toBe("漢");
  });

  test("edits of other lines are shown at once, those of the line when it ends", () => {
    const it = composer("one\ntwo\nthree", 7);
    it.compose("に");
    it.others((shared) => {
      shared.insert(shared.length, "!");
      shared.insert(4, "*");
      shared.insert(3, "?");
    });
    expect(it.fake.text).toBe("one?\ntwoに\nthree!");
    expect(it.binding.mapping.toShared(6)).toBe(7);
    expect(it.binding.mapping.toModel(7)).toBe(6);
    it.endComposition();
    expect(it.texts()).toEqual(same("one?\n*twoに\nthree!"));
    expect(it.input.listening()).toBe(0);
  });

  test("my undo of something else on the line waits too, and touches nothing else", () => {
    const it = composer("", 0);
    it.compose("a");
    it.endComposition();
    it.undo.boundary();
    it.compose("か");
    it.fake.undo();
    expect(it.fake.text).toBe("aか");
    it.compose("漢");
    it.endComposition();
    expect(it.texts()).toEqual(same("a漢"));
  });

  test("a composition is one step of undo, however long it takes", () => {
    const it = composer("a", 1);
    for (const commit of ["漢", "字"]) {
      it.undo.boundary();
      for (const part of ["k", "か", commit]) {
        it.compose(part);
        // As if it had happened longer ago than the pause that ends a step.
        it.undo.manager.lastChange -= 5000;
      }
      it.endComposition();
    }
    it.fake.type([{ offset: 3, deleted: 0, inserted: "b" }]);
    const steps = [it.fake.text];
    for (let step = 0; step < 3; step += 1) {
      it.fake.undo();
      steps.push(it.fake.text);
    }
    expect(steps).toEqual(["a漢字b", "a漢字", "a漢", "a"]);
  });

  test("a document that comes anew (a restore, a reconnect) is shown without its line, which follows", () => {
    const it = composer("abc\nend", 3);
    it.compose("か");
    it.binding.dispose();
    it.others((shared) => {
      shared.insert(shared.length, "!");
      shared.insert(0, "Q");
    });
    it.bind({});
    expect(it.fake.text).toBe("abcか\nend!");
    it.compose("漢");
    it.endComposition();
    expect(it.texts()).toEqual(same("Qabc漢\nend!"));
  });

  test("another file that is shown lets everything in", () => {
    const it = composer("abc", 3);
    it.compose("か");
    it.others((shared) => shared.insert(0, "Q"));
    Object.defineProperty(it.input.editor, "inComposition", { value: false });
    it.input.changeModel();
    expect(it.texts()).toEqual(same("Qabcか"));
  });

  test("page and document are equal at its end, whatever others did meanwhile", () => {
    const piece = fc.string({ unit: fc.constantFrom("x", "\n", "é", "😀"), maxLength: 3 });
    const step = fc.oneof(
      fc.record({ kind: fc.constant("compose" as const), text: fc.constantFrom("k", "か", "かん", "漢", "") }),
      fc.record({
        kind: fc.constant("others" as const),
        at: fc.nat(),
        size: fc.nat(5),
        text: piece,
        hear: fc.boolean(),
      }),
      fc.record({ kind: fc.constant("commit" as const), text: fc.constantFrom("漢", "漢字", "") }),
      fc.record({ kind: fc.constant("undo" as const) }),
    );
    let delayed = 0;
    fc.assert(
      fc.property(piece, fc.nat(), fc.array(step, { maxLength: 30 }), (start, at, script) => {
        const content = `one\n${start}|two\nthree`;
        const it = composer(content, at % 4 === 0 ? 4 : content.indexOf("|"));
        const pairs: [string, string][] = [];
        for (const each of script) {
          if (each.kind === "compose") it.compose(each.text);
          else if (each.kind === "commit") {
            it.compose(each.text);
            it.endComposition();
            pairs.push([it.fake.text, it.document.toJSON()]);
          } else if (each.kind === "undo") it.fake.undo();
          else {
            const change = (shared: Y.Text) => {
              const now = Array.from(shared.toJSON());
              const before = now.slice(0, each.at % (now.length + 1));
              const cut = now.slice(before.length, before.length + each.size).join("").length;
              shared.delete(before.join("").length, cut);
              shared.insert(before.join("").length, each.text);
            };
            if (each.hear) it.others(change);
            else change(it.other);
          }
          if (it.input.listening() > 0) delayed += 1;
        }
        it.compose("漢");
        it.endComposition();
        const isUndone = script.some(({ kind }) => kind === "undo");
        // Nothing of an intermediate composition is left, unless an undo restored it.
        const left = isUndone ? "" : it.document.toJSON().replaceAll(/[^kかん]/gu, "");
        expect(left).toBe("");
        for (const [page, document] of pairs) expect(page).toBe(document);
        const { page, document, others } = it.texts();
        expect(page).toBe(document);
        expect(others).toBe(document);
        expect(it.logged).toEqual([]);
        expect(it.input.listening()).toBe(0);
      }),
      { numRuns: 1_000 },
    );
    expect(delayed).toBeGreaterThan(100);
  });
});
