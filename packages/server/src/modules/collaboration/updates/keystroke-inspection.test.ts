import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { inspectKeystroke } from "./keystroke-inspection.ts";
import { inspectUpdate } from "./update-inspection.ts";

/** Deterministic, so that a failure comes again. */
const createRandom = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

/** Updates as pages make them: keys, pasted text, deleted spans, formats, other alphabets, several users. */
const makeUpdates = (random: (below: number) => number, count: number): Uint8Array[] => {
  const updates: Uint8Array[] = [];
  const docs = [1, 77, 3_000_000_000].map((clientId) => {
    const doc = new Y.Doc();
    doc.clientID = clientId;
    return doc;
  });
  for (const doc of docs)
    doc.on("update", (update: Uint8Array, origin) => {
      if (origin === "other") return;
      updates.push(update);
      for (const other of docs) if (other !== doc) Y.applyUpdate(other, update, "other");
    });
  while (updates.length < count) {
    const text = (docs[random(docs.length)] ?? new Y.Doc()).getText("content");
    const at = random(text.length + 1);
    const span = Math.min(random(4) + 1, text.length - at);
    const kind = random(8);
    if (kind < 4) text.insert(at, ["x", "ab", "line\n", "long ".repeat(random(40) + 1)][kind] ?? "");
    else if (kind < 6 && span > 0) text.delete(at, span);
    else if (kind === 6) text.insert(at, ["é", "😀", "a\u0301"][random(3)] ?? "");
    else if (span > 0) text.format(at, span, { bold: true });
  }
  return updates;
};

/** undefined: refused. */
const inspectFully = (update: Uint8Array): ReturnType<typeof inspectUpdate> | undefined => {
  try {
    return inspectUpdate(update);
  } catch {
    return undefined;
  }
};

describe("inspection of a keystroke", () => {
  it("[C55] has the outcome of the full inspection for what pages send, and takes most of it", () => {
    const updates = makeUpdates(createRandom(7), 3_000);
    let taken = 0;
    for (const update of updates) {
      const quick = inspectKeystroke(update);
      if (quick === undefined) continue;
      taken += 1;
      expect(quick).toEqual(inspectUpdate(update));
    }
    expect(taken).toBeGreaterThan(updates.length / 2);
  });

  it("[C55] takes nothing that the full inspection refuses or understands otherwise, whatever the bytes are", () => {
    const random = createRandom(11);
    const updates = makeUpdates(random, 500);
    let [taken, refused] = [0, 0];
    for (let round = 0; round < 60_000; round += 1) {
      const update = updates[random(updates.length)] ?? new Uint8Array();
      const changed = Uint8Array.from(random(4) === 0 ? [...update, random(256)] : update);
      for (let changes = random(3); changes >= 0; changes -= 1) changed[random(changed.length)] = random(256);
      const bytes = random(5) === 0 ? changed.subarray(0, random(changed.length)) : changed;
      const full = inspectFully(bytes);
      if (full === undefined) refused += 1;
      const quick = inspectKeystroke(bytes);
      if (quick === undefined) continue;
      taken += 1;
      expect(quick, `bytes ${bytes.join(" ")}`).toEqual(full);
    }
    expect(Math.min(taken, refused)).toBeGreaterThan(1_000);
  });

  it("[C55] leaves text in another root, of no length, or out of range to the full inspection", () => {
    const other = new Y.Doc();
    other.getText("elsewhere").insert(0, "x");
    expect(inspectKeystroke(Y.encodeStateAsUpdate(other))).toBeUndefined();
    const name = [7, ...Buffer.from("content")];
    expect(inspectKeystroke(Uint8Array.of(1, 1, 5, 0, 4, 1, ...name, 1, 120, 0))).toBeDefined();
    expect(inspectKeystroke(Uint8Array.of(1, 1, 5, 0, 4, 1, ...name, 0, 0))).toBeUndefined();
    // A padded number, a clock of 2^31, a deletion of no length, an attribute.
    expect(inspectKeystroke(Uint8Array.of(1, 1, 5, 128, 0, 4, 1, ...name, 1, 120, 0))).toBeUndefined();
    expect(inspectKeystroke(Uint8Array.of(1, 1, 5, 128, 128, 128, 128, 8, 4, 1, ...name, 1, 120, 0))).toBeUndefined();
    expect(inspectKeystroke(Uint8Array.of(0, 1, 5, 1, 3, 0))).toBeUndefined();
    expect(inspectKeystroke(Uint8Array.of(1, 1, 5, 0, 36, 1, ...name, 1, 97, 1, 120, 0))).toBeUndefined();
  });
});
