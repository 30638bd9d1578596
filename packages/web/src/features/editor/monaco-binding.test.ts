import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { createFakeModel } from "./fake-model.testing.ts";
import { bindModel } from "./monaco-binding.ts";
import { createPerUserUndo } from "./per-user-undo.ts";
import { splitsPair } from "./text-changes.ts";

/** One reader: a model bound to a doc of its own, with undo. */
function reader(update?: Uint8Array, mayWrite = true) {
  const doc = new Y.Doc();
  if (update) Y.applyUpdate(doc, update);
  const text = doc.getText("content");
  const fake = createFakeModel();
  const origin = {};
  const undo = createPerUserUndo(fake.model, text, origin);
  const logged: string[] = [];
  const transactions: unknown[] = [];
  const binding = bindModel({
    model: fake.model,
    text,
    origin,
    editors: () => [],
    mayWrite: () => mayWrite,
    beforeEdit: undo.beforeEdit,
    log: (event) => logged.push(event),
  });
  doc.on("afterTransaction", (transaction) => {
    if (transaction.changed.size > 0) transactions.push(transaction.origin);
  });
  return { doc, text, fake, undo, binding, logged, transactions, origin };
}
type Reader = ReturnType<typeof reader>;

const seed = (content: string) => {
  const doc = new Y.Doc();
  doc.getText("content").insert(0, content);
  return Y.encodeStateAsUpdate(doc);
};
const exchange = (...readers: Reader[]) => {
  for (const from of readers) {
    for (const to of readers) {
      if (to !== from) Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc, Y.encodeStateVector(to.doc)), "remote");
    }
  }
};
const type = ({ fake }: Reader, at: number, inserted: string, deleted = 0) =>
  fake.type([{ offset: at, deleted, inserted }]);

const piece = fc.string({ unit: fc.constantFrom("a", "\n", "é", "😀", "🧑"), maxLength: 4 });
const edits = fc.array(
  fc.record({ who: fc.nat(1), at: fc.nat(), size: fc.nat(3), text: piece, sync: fc.boolean(), undo: fc.nat(9) }),
  { maxLength: 30 },
);

describe("model and shared text", () => {
  test("stay equal and converge, in whatever order edits, undos and updates happen", () => {
    fc.assert(
      fc.property(piece, edits, (start, script) => {
        const first = seed(`${start}|`);
        const both: [Reader, Reader] = [reader(first), reader(first)];
        for (const { who, at, size, text, sync, undo } of script) {
          const one = both[who as 0 | 1];
          if (undo === 0) one.fake.undo();
          else if (undo === 1) one.fake.redo();
          else {
            const now = one.fake.text;
            let from = at % (now.length + 1);
            if (splitsPair(now, from)) from -= 1;
            let to = Math.min(now.length, from + size);
            if (splitsPair(now, to)) to += 1;
            type(one, from, text, to - from);
          }
          expect(one.fake.text).toBe(one.text.toJSON());
          if (sync) exchange(...both);
        }
        exchange(...both);
        exchange(...both);
        expect(both[0].fake.text).toBe(both[1].fake.text);
        for (const one of both) {
          expect(one.fake.text).toBe(one.text.toJSON());
          expect(one.logged).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("a multi-cursor edit is one transaction of the reader", () => {
    const one = reader(seed("ab\nab\n"));
    one.fake.type([
      { offset: 1, deleted: 0, inserted: "X" },
      { offset: 4, deleted: 1, inserted: "Y" },
    ]);
    expect(one.text.toJSON()).toBe("aXb\naY\n");
    expect(one.transactions).toEqual([one.origin]);
  });

  test("others' edits come as edits, not as a new text, and are not sent back", () => {
    const [one, two] = [reader(seed("hello")), reader()];
    exchange(one, two);
    const before = two.transactions.length;
    type(one, 5, "!");
    exchange(one, two);
    expect(two.fake.text).toBe("hello!");
    expect(two.transactions.slice(before)).toEqual(["remote"]);
  });

  test("half of a character replaced in the model is the whole character in the text", () => {
    const one = reader(seed("a😀b"));
    type(one, 2, "😁".charAt(1), 1);
    expect(one.text.toJSON()).toBe("a😁b");
    expect(one.fake.text).toBe("a😁b");
  });

  describe("another client edits inside a surrogate pair", () => {
    const plain = (update: Uint8Array) => {
      const doc = new Y.Doc();
      Y.applyUpdate(doc, update);
      return doc;
    };
    const stockEdits: [string, (text: Y.Text) => void][] = [
      ["inserts", (text) => text.insert(2, "x")],
      ["deletes half of it", (text) => text.delete(2, 1)],
      ["formats from inside", (text) => text.format(2, 2, { bold: true })],
      [
        "inserts and deletes at once",
        (text) => {
          text.insert(2, "x");
          text.delete(2, 1);
          text.insert(0, "y");
        },
      ],
    ];
    test.each(stockEdits)("[E2] and %s: the model shows the text that is stored", (_what, edit) => {
      const first = seed("a😀b");
      const [page, stock] = [reader(first), plain(first)];
      stock.transact(() => edit(stock.getText("content")));
      Y.applyUpdate(page.doc, Y.encodeStateAsUpdate(stock), "remote");
      expect(page.text.toJSON()).toBe(stock.getText("content").toJSON());
      expect(page.fake.text).toBe(page.text.toJSON());
      expect(page.fake.text.isWellFormed()).toBe(true);
      type(page, 0, "on ");
      expect(page.fake.text).toBe(page.text.toJSON());
    });

    test("[E2] whatever it does, model and text stay equal", () => {
      const step = fc.record({ at: fc.nat(), size: fc.nat(3), text: piece, kind: fc.nat(2), once: fc.boolean() });
      fc.assert(
        fc.property(piece, fc.array(step, { maxLength: 12 }), (start, script) => {
          const first = seed(`${start}😀|`);
          const [page, stock] = [reader(first), plain(first)];
          const text = stock.getText("content");
          for (const { at, size, text: inserted, kind, once } of script) {
            stock.transact(() => {
              const from = at % (text.length + 1);
              const length = Math.min(size, text.length - from);
              if (kind === 0) text.insert(from, inserted);
              else if (kind === 1 && length > 0) text.delete(from, length);
              else if (length > 0) text.format(from, length, { bold: true });
              if (once && inserted !== "") {
                text.insert(from, inserted);
                text.delete(from, inserted.length);
              }
            });
            Y.applyUpdate(page.doc, Y.encodeStateAsUpdate(stock, Y.encodeStateVector(page.doc)), "remote");
            expect(page.fake.text).toBe(page.text.toJSON());
          }
        }),
        { numRuns: 300 },
      );
    });
  });

  test("a lone half becomes U+FFFD in both", () => {
    const one = reader(seed("a😀b"));
    type(one, 1, "", 1);
    expect(one.text.toJSON()).toBe("a\u{FFFD}b");
    expect(one.fake.text).toBe("a\u{FFFD}b");
  });

  test("line ends that a foreign client wrote as CR LF are put right once", () => {
    const one = reader(seed("a\r\nb\rc"));
    expect(one.fake.text).toBe("a\nb\nc");
    expect(one.text.toJSON()).toBe("a\nb\nc");
    one.doc.transact(() => one.text.insert(0, "x\r\ny"), "remote");
    expect(one.fake.text).toBe("x\nya\nb\nc");
    expect(one.text.toJSON()).toBe(one.fake.text);
  });

  test("a reader without rights shows such a text as well as it can and changes nothing", () => {
    const one = reader(seed("a\r\nb"), false);
    expect(one.fake.text).toBe("a\nb");
    expect(one.text.toJSON()).toBe("a\r\nb");
    expect(one.transactions).toEqual([]);
  });

  test("[planted fault] a model that drifted is put right by the next edit from outside", () => {
    const [one, two] = [reader(seed("same")), reader()];
    exchange(one, two);
    two.binding.dispose();
    const drifted = createFakeModel("same but different");
    const logged: string[] = [];
    bindModel({
      model: drifted.model,
      text: two.text,
      origin: {},
      editors: () => [],
      mayWrite: () => true,
      log: (event) => logged.push(event),
    });
    expect(drifted.text).toBe("same");
    Object.assign(drifted.model, { applyEdits: () => undefined });
    type(one, 0, "!");
    exchange(one, two);
    expect(logged).toEqual(["binding.realigned"]);
  });
});

describe("undo", () => {
  test("touches only the reader's own edits", () => {
    const [one, two] = [reader(seed("base ")), reader()];
    exchange(one, two);
    type(one, 5, "m");
    exchange(one, two);
    type(two, 0, "THEIRS ");
    exchange(one, two);
    one.fake.undo();
    exchange(one, two);
    expect(one.fake.text).toBe("THEIRS base ");
    expect(two.fake.text).toBe("THEIRS base ");
    expect(one.fake.model.canUndo()).toBe(false);
    one.fake.redo();
    expect(one.fake.text).toBe("THEIRS base m");
  });

  test("goes back word by word, and deletions apart from typing", () => {
    const one = reader(seed(""));
    for (const key of "one two") type(one, one.fake.text.length, key);
    type(one, 6, "", 1);
    one.fake.undo();
    expect(one.fake.text).toBe("one two");
    one.fake.undo();
    expect(one.fake.text).toBe("one");
    one.fake.undo();
    expect(one.fake.text).toBe("");
  });

  test("a moved cursor begins a new step", () => {
    const one = reader(seed(""));
    type(one, 0, "a");
    one.undo.boundary();
    type(one, 0, "b");
    one.fake.undo();
    expect(one.fake.text).toBe("a");
  });

  test("gives the model its own undo back when the document is let go", () => {
    const one = reader(seed(""));
    expect(Object.hasOwn(one.fake.model, "undo")).toBe(true);
    one.undo.dispose();
    expect(Object.hasOwn(one.fake.model, "undo")).toBe(false);
  });
});
