import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { applyExternalWrite } from "./external-change.ts";

const never = () => false;
const docOf = (text: string): Y.Doc => {
  const doc = new Y.Doc();
  doc.getText("content").insert(0, text);
  return doc;
};
const snapshotOf = (doc: Y.Doc) => Y.encodeSnapshot(Y.snapshot(doc));
const textOf = (doc: Y.Doc) => doc.getText("content").toJSON();
const line = fc.stringMatching(/^[a-d é😀]{0,8}$/u);
const document = fc.array(line, { minLength: 1, maxLength: 12 });

describe("external change", () => {
  it("[C31] without concurrent typing the text becomes exactly what was written", () => {
    fc.assert(
      fc.property(document, document, fc.boolean(), (before, after, exact) => {
        const doc = docOf(before.join("\n"));
        applyExternalWrite(
          doc,
          { baseText: before.join("\n"), newText: after.join("\n"), baseSnapshot: exact ? snapshotOf(doc) : null },
          never,
        );
        expect(textOf(doc)).toBe(after.join("\n"));
      }),
      { numRuns: 500 },
    );
  });

  it("[C32] edits of other lines and the write both survive, by identity and by comparison", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z]{4,8}$/u), { minLength: 4, maxLength: 10 }),
        fc.nat(),
        fc.nat(),
        fc.boolean(),
        (lines, typedSeed, writtenSeed, exact) => {
          const typed = typedSeed % lines.length;
          const written = writtenSeed % lines.length;
          fc.pre(Math.abs(typed - written) > 1);
          const baseText = lines.join("\n");
          const doc = docOf(baseText);
          const baseSnapshot = exact ? snapshotOf(doc) : null;
          const text = doc.getText("content");
          const start = lines.slice(0, typed).join("\n").length + (typed === 0 ? 0 : 1);
          text.delete(start, 2);
          text.insert(start, "TYPED");
          const newText = lines.with(written, "WRITTEN").join("\n");
          applyExternalWrite(doc, { baseText, newText, baseSnapshot }, never);
          const expected = lines.with(typed, `TYPED${lines[typed]?.slice(2)}`).with(written, "WRITTEN");
          expect(textOf(doc)).toBe(expected.join("\n"));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("[C32] text typed inside a span that the write removes stays", () => {
    const doc = docOf("keep\nremove this\nend\n");
    const baseSnapshot = snapshotOf(doc);
    doc.getText("content").insert(11, "NEW");
    applyExternalWrite(doc, { baseText: "keep\nremove this\nend\n", newText: "keep\nend\n", baseSnapshot }, never);
    expect(textOf(doc)).toBe("keep\nNEWend\n");
  });

  it("[C33] a write that is in the document already changes nothing", () => {
    const doc = docOf("b");
    expect(applyExternalWrite(doc, { baseText: "a", newText: "b", baseSnapshot: null }, never)).toBeUndefined();
    expect(applyExternalWrite(doc, { baseText: "b", newText: "b", baseSnapshot: null }, never)).toBeUndefined();
  });

  it("[C31] survives garbage collection of what was deleted since the base", () => {
    const doc = docOf("one two three");
    const baseSnapshot = snapshotOf(doc);
    doc.getText("content").delete(4, 4);
    const loaded = new Y.Doc();
    Y.applyUpdate(loaded, Y.encodeStateAsUpdate(doc));
    applyExternalWrite(loaded, { baseText: "one two three", newText: "one two 3", baseSnapshot }, never);
    expect(textOf(loaded)).toBe("one 3");
  });
});
