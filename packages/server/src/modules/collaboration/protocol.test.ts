import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { BadMessage, parseFrame, updateFrame } from "./frames.ts";
import { SavedCount } from "./saved-count.ts";
import { createStateVector } from "./state-vector.ts";
import { decodeFile, encodeFile } from "./text-format.ts";
import { inspectUpdate } from "./update-inspection.ts";

describe("frames and updates", () => {
  it("[C3] an update's frame carries the same bytes, whatever its length", () => {
    for (const length of [0, 1, 127, 128, 16_383, 16_384, 2_097_152]) {
      const update = new Uint8Array(length).fill(7);
      const parsed = parseFrame(updateFrame(update).frame);
      expect(parsed.kind).toBe("update");
      expect("update" in parsed && Buffer.compare(parsed.update, update)).toBe(0);
    }
  });

  it("[C26] only editing of the root text passes inspection", () => {
    const made = (edit: (doc: Y.Doc) => void): Uint8Array => {
      const doc = new Y.Doc();
      edit(doc);
      return Y.encodeStateAsUpdate(doc);
    };
    const fine = inspectUpdate(
      made((doc) => {
        doc.getText("content").insert(0, "abc😀");
        doc.getText("content").delete(1, 1);
      }),
    );
    expect(fine.hasDeletions).toBe(true);
    expect(fine.ranges).toMatchObject([{ from: 0, to: 5 }]);
    for (const edit of [
      (doc: Y.Doc) => doc.getText("other").insert(0, "a"),
      (doc: Y.Doc) => doc.getMap("content").set("a", 1),
      (doc: Y.Doc) => doc.getArray("content").insert(0, [1]),
      (doc: Y.Doc) => doc.getText("content").insertEmbed(0, { image: "x" }),
      (doc: Y.Doc) => doc.getMap("content").set("a", new Y.Doc()),
    ])
      expect(() => inspectUpdate(made(edit))).toThrow(BadMessage);
  });

  it("[C4] the state vector kept from updates is that of a document, also when they come in any order", () => {
    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on("update", (update: Uint8Array) => updates.push(update));
    for (let n = 0; n < 20; n += 1) doc.getText("content").insert(n, "x");
    const vector = createStateVector();
    for (const update of [...updates.slice(10), ...updates.slice(0, 10).toReversed()]) {
      vector.add(inspectUpdate(update).ranges);
    }
    expect(vector.encode()).toEqual(Y.encodeStateVector(doc));
    const gap = createStateVector();
    gap.add(inspectUpdate(updates[5] ?? new Uint8Array()).ranges);
    expect(Y.decodeStateVector(gap.encode()).size).toBe(0);
  });
});

describe("saved counts", () => {
  it("[C5] only a prefix without gaps is announced, and once", () => {
    const count = new SavedCount();
    const [one, two, three] = [count.receive(), count.receive(), count.receive()];
    count.durable(two, false);
    expect(count.takeNews()).toBeUndefined();
    count.durable(one, false);
    expect(count.takeNews()).toBe(2);
    expect(count.takeNews()).toBeUndefined();
    count.durable(three, false);
    expect(count.takeNews()).toBe(3);
  });

  it("[C9] a sync answer confirms what was refused before it", () => {
    const count = new SavedCount();
    count.receive();
    count.receive();
    const answer = count.receive();
    count.durable(answer, true);
    expect(count.takeNews()).toBe(3);
  });
});

describe("text format", () => {
  it("[C40] bytes come back as they were when their line ends are all alike", () => {
    for (const text of ["", "\n", "a\nb", "a\r\nb\r\n", "\ufeffa\r\n", "\ufeff", "é😀\n"]) {
      const bytes = Buffer.from(text);
      const decoded = decodeFile(bytes);
      if (decoded.kind !== "text") throw new Error("not text");
      expect(decoded.text).not.toContain("\r");
      expect(Buffer.from(encodeFile(decoded.text, decoded.format)).toString()).toBe(text);
    }
  });

  it("[C41] NUL and invalid UTF-8 are binary, more than 5 MiB is too large", () => {
    expect(decodeFile(Uint8Array.of(97, 0)).kind).toBe("binary");
    expect(decodeFile(Uint8Array.of(0xc3, 0x28)).kind).toBe("binary");
    expect(decodeFile(new Uint8Array(5 * 1024 * 1024 + 1).fill(97)).kind).toBe("too-large");
  });
});
