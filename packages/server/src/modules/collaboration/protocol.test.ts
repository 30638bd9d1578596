import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyAwarenessUpdate, Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { createManualClock } from "#kernel/clock";
import { AwarenessRelay } from "./awareness-relay.ts";
import { BadMessage, parseFrame, updateFrame } from "./frames.ts";
import { SavedCount } from "./saved-count.ts";
import { createStateVector } from "./state-vector.ts";
import { decodeFile, encodeFile } from "./text-format.ts";
import { awarenessMessage } from "./test-socket-client.ts";
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

const faultOf = (work: () => void): string => {
  try {
    work();
    return "none";
  } catch (error) {
    return error instanceof Error ? error.name : "something else";
  }
};

describe("whatever arrives", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // Nearly right: a real message with some bytes changed.
    fc
      .tuple(
        fc.constantFrom(
          ...["", "abc", "😀".repeat(50)].map((text) => {
            const doc = new Y.Doc();
            doc.getText("content").insert(0, text);
            return updateFrame(Y.encodeStateAsUpdate(doc)).frame;
          }),
          awarenessMessage([{ client: 5, clock: 1, state: '{"user":{"name":"x"}}' }]),
        ),
        fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 4 }),
      )
      .map(([frame, changes]) => {
        const changed = Uint8Array.from(frame);
        for (const [at, value] of changes) if (changed.length > 0) changed[at % changed.length] = value;
        return changed;
      }),
  );

  it("[C26] is a message or a BadMessage, never anything else, and what passes inspection can be taken in", () => {
    let taken = 0;
    const take = (frame: Uint8Array): void => {
      const message = parseFrame(frame);
      if (!("update" in message)) return;
      inspectUpdate(message.update);
      const doc = new Y.Doc();
      Y.applyUpdate(doc, message.update);
      doc.getText("content").toJSON();
      taken += 1;
    };
    fc.assert(
      fc.property(bytes, (frame) => {
        expect(faultOf(() => take(frame))).toMatch(/^(?:none|BadMessage)$/u);
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  it("[C24] awareness of any bytes leaves nothing behind that others can't parse", () => {
    let shown = 0;
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 5 }), (frames) => {
        const clock = createManualClock();
        const relay = new AwarenessRelay({ clock, broadcast: () => undefined });
        const faults = frames.map((frame) =>
          faultOf(() => {
            const message = parseFrame(frame);
            if (message.kind === "awareness") relay.receive({ userId: "u" }, message.payload);
          }),
        );
        expect(["none", "BadMessage", "AwarenessTooLarge"]).toEqual(expect.arrayContaining(faults));
        const told = relay.frame();
        if (told === undefined) return;
        const message = parseFrame(told);
        const awareness = new Awareness(new Y.Doc());
        applyAwarenessUpdate(awareness, "payload" in message ? message.payload : new Uint8Array(), "test");
        awareness.destroy();
        shown += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(shown).toBeGreaterThan(20);
  });
});
