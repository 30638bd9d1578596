import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyAwarenessUpdate, Awareness } from "y-protocols/awareness";
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import { createManualClock } from "#kernel/clock";
import { AwarenessRelay } from "../awareness/awareness-relay.ts";
import { ClientOwners } from "../awareness/client-owners.ts";
import { BadMessage, parseFrame, updateFrame } from "./frames.ts";
import { RangeSet } from "../document/range-set.ts";
import { SavedCount } from "./saved-count.ts";
import { createStateVector } from "../document/state-vector.ts";
import { decodeFile, encodeFile, encodeWithEndsOf } from "../materialise/text-format.ts";
import { awarenessMessage } from "../test-socket-client.ts";
import { inspectUpdate } from "../updates/update-inspection.ts";

describe("owners of client ids", () => {
  it("[C57] an id belongs to its user while that user is connected and a minute longer, then to the next user who continues it", () => {
    const clock = createManualClock();
    const present = new Set(["ada"]);
    const owners = new ClientOwners({ clock, isPresent: (userId) => present.has(userId) });
    owners.claim(7, "ada");
    owners.claim(7, "bo");
    expect([owners.isForeign(7, "ada"), owners.isForeign(7, "bo"), owners.isForeign(8, "bo")]).toEqual([
      false,
      true,
      false,
    ]);
    present.delete("ada");
    owners.left({ userId: "ada", signInId: "laptop" });
    clock.advance(59_000);
    expect(owners.isForeign(7, "bo")).toBe(true);
    clock.advance(2_000);
    expect(owners.isForeign(7, "bo")).toBe(false);
    owners.claim(7, "bo");
    present.add("bo");
    expect(owners.isForeign(7, "ada")).toBe(true);
  });

  it("[C57] a sign-in that ended reserves no ids; another sign-in of the same user still does", () => {
    const clock = createManualClock();
    const owners = new ClientOwners({ clock, isPresent: () => false });
    owners.claim(7, "ada");
    owners.left({ userId: "ada", signInId: "laptop" });
    owners.left({ userId: "ada", signInId: "phone" });
    owners.signInEnded("laptop");
    expect(owners.isForeign(7, "bo")).toBe(true);
    owners.signInEnded("phone");
    expect(owners.isForeign(7, "bo")).toBe(false);
  });

  it("[C56] a set of ranges knows all ranges that were added, in any order and with any overlap", () => {
    const range = fc.record({ client: fc.nat(1), from: fc.nat(30), size: fc.integer({ min: 1, max: 8 }) });
    fc.assert(
      fc.property(fc.array(range, { maxLength: 30 }), fc.array(range, { minLength: 1 }), (added, asked) => {
        const set = new RangeSet(1_000);
        const clocks = new Set<string>();
        for (const { client, from, size } of added) {
          set.add({ client, from, to: from + size });
          for (let clock = from; clock < from + size; clock += 1) clocks.add(`${client}/${clock}`);
        }
        for (const { client, from, size } of asked) {
          const isKnown = Array.from({ length: size }, (_none, n) => `${client}/${from + n}`).every((key) =>
            clocks.has(key),
          );
          expect(set.has({ client, from, to: from + size })).toBe(isKnown);
        }
      }),
      { numRuns: 500 },
    );
  });
});

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
    expect(fine.deletions).toMatchObject([{ from: 1, to: 2 }]);
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

  describe("an update is no longer than its content", () => {
    const write = (...parts: (number | Uint8Array)[]): Uint8Array =>
      encoding.encode((encoder) => {
        for (const part of parts)
          if (typeof part === "number") encoding.writeVarUint(encoder, part);
          else encoding.writeUint8Array(encoder, part);
      });
    const plain = (text = "abc"): Uint8Array => {
      const doc = new Y.Doc();
      doc.getText("content").insert(0, text);
      return Y.encodeStateAsUpdate(doc);
    };
    /** A zero, padded to 200 bytes. */
    const longZero = new Uint8Array(200).fill(0x80);
    longZero[199] = 0;
    const format = (value: string): Uint8Array => {
      const doc = new Y.Doc();
      doc.getText("content").insert(0, "a");
      doc.getText("content").format(0, 1, { link: value });
      return Y.encodeStateAsUpdate(doc);
    };
    it.each<[string, Uint8Array]>([
      ["bytes behind an update", write(plain(), new Uint8Array(100_000))],
      ["one byte behind an update", write(plain(), 0)],
      ["bytes behind nothing", write(0, 0, new Uint8Array(100_000))],
      ["a padded number of clients", write(longZero, 0)],
      ["a padded client", write(1, 1, longZero, 0, 0, 5, 0)],
      [
        "many clients without structs",
        write(1_000, ...Array.from({ length: 1_000 }, (_none, client) => [0, client, 0]).flat(), 0),
      ],
      [
        "many clients without deletions",
        write(0, 1_000, ...Array.from({ length: 1_000 }, (_none, client) => [client, 0]).flat()),
      ],
      ["a gap alone", write(1, 1, 7, 0, 10, 5, 0)],
      ["many gaps", write(1, 101, 7, 0, ...Array.from({ length: 100 }, () => [10, 5]).flat(), 0, 5, 0)],
      ["a number without an end", write(1, 1, new Uint8Array(1_000).fill(0x80), 0, 0, 0, 5, 0)],
      ["a format of 100 kB", format("x".repeat(100_000))],
    ])("[C55] %s is refused", (_what, update) => {
      expect(() => inspectUpdate(update)).toThrow(BadMessage);
    });

    it("[C55] every update that an editor makes is accepted, complete, in parts and merged", () => {
      const edit = fc.record({
        at: fc.nat(),
        size: fc.nat(4),
        text: fc.string({ unit: "grapheme", maxLength: 4 }),
        kind: fc.nat(3),
      });
      fc.assert(
        fc.property(fc.array(edit, { minLength: 1, maxLength: 30 }), (edits) => {
          const docs = [new Y.Doc(), new Y.Doc()];
          const updates: Uint8Array[] = [];
          for (const doc of docs) doc.on("update", (update: Uint8Array) => void updates.push(update));
          edits.forEach(({ at, size, text, kind }, index) => {
            const [one, other] = index % 2 === 0 ? docs : docs.toReversed();
            const content = one?.getText("content");
            if (one === undefined || other === undefined || content === undefined) return;
            const from = at % (content.length + 1);
            const length = Math.min(size, content.length - from);
            if (kind === 0 && length > 0) content.delete(from, length);
            else if (kind === 1 && length > 0) content.format(from, length, { bold: true });
            else content.insert(from, text);
            if (kind === 3) Y.applyUpdate(other, Y.encodeStateAsUpdate(one, Y.encodeStateVector(other)));
          });
          for (const doc of docs) {
            updates.push(Y.encodeStateAsUpdate(doc));
            for (const other of docs) updates.push(Y.encodeStateAsUpdate(doc, Y.encodeStateVector(other)));
          }
          // With gaps: every second update only.
          updates.push(Y.mergeUpdates(updates.filter((_update, index) => index % 2 === 0)));
          for (const update of updates) expect(() => inspectUpdate(update)).not.toThrow();
        }),
        { numRuns: 200 },
      );
    });
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
  it("[C40] a file with one kind of line end is decoded and encoded to the same bytes", () => {
    for (const text of ["", "\n", "a\nb", "a\r\nb\r\n", "\ufeffa\r\n", "\ufeff", "é😀\n"]) {
      const bytes = Buffer.from(text);
      const decoded = decodeFile(bytes);
      if (decoded.kind !== "text") throw new Error("not text");
      expect(decoded.text).not.toContain("\r");
      expect(Buffer.from(encodeFile(decoded.text, decoded.format)).toString()).toBe(text);
    }
  });

  const rewritten = (file: string, edit: (text: string) => string): string => {
    const base = Buffer.from(file);
    const decoded = decodeFile(base);
    if (decoded.kind !== "text") throw new Error("not text");
    return Buffer.from(encodeWithEndsOf(base, { ...decoded, text: edit(decoded.text) }, () => false)).toString();
  };

  it.each<[string, string, (text: string) => string, string]>([
    ["nothing", "a\r\nb\nc\rd", (text) => text, "a\r\nb\nc\rd"],
    ["a key in a line", "a\r\nb\nc\rd", (text) => text.replace("b", "bb"), "a\r\nbb\nc\rd"],
    ["a key in the line with the rare end", "a\r\nb\nc\n", (text) => text.replace("a", "aa"), "aa\r\nb\nc\n"],
    ["a line break in a line", "ab\r\nc\n", (text) => text.replace("ab", "a\nb"), "a\r\nb\r\nc\n"],
    ["a new last line", "a\r\nb\n", (text) => `${text}c\n`, "a\r\nb\nc\n"],
    ["a new first line", "a\r\nb\n", (text) => `0\n${text}`, "0\r\na\r\nb\n"],
    ["a line that goes", "a\r\nb\nc\r\n", (text) => text.replace("b\n", ""), "a\r\nc\r\n"],
    ["lines that are joined", "a\r\nb\nc\r\n", (text) => text.replace("a\nb", "ab"), "ab\nc\r\n"],
    ["all lines replaced", "a\r\nb\n", () => "x\ny\nz\n", "x\r\ny\r\nz\n"],
    ["everything gone", "\ufeffa\r\nb\n", () => "", "\ufeff"],
    ["line ends typed as CRLF", "a\r\nb\n", (text) => `${text}c\r\nd`, "a\r\nb\nc\nd"],
  ])("[C58] %s in a file with mixed line ends rewrites no other line end", (_what, file, edit, expected) => {
    expect(rewritten(file, edit)).toBe(expected);
  });

  it("[C58] lines that are not touched keep their ends, whatever happens to the others", () => {
    const end = fc.constantFrom("\n", "\r\n", "\r");
    const line = fc.record({ end, change: fc.constantFrom("keep", "keep", "keep", "drop", "add", "alter") });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 40 }), (lines) => {
        const file = lines.map((each, number) => `line ${number};${each.end}`).join("");
        const after = rewritten(file, () =>
          lines
            .map(({ change }, number) => {
              if (change === "drop") return "";
              if (change === "add") return `new ${number};\nline ${number};\n`;
              return `line ${number};${change === "alter" ? " altered" : ""}\n`;
            })
            .join(""),
        );
        const ends = new Map([...after.matchAll(/line (\d+);(\r\n|\r|\n)/gu)].map((found) => [found[1], found[2]]));
        const untouched = [...lines.entries()].filter(([, { change }]) => change === "keep" || change === "add");
        expect(untouched.map(([number]) => ends.get(String(number)))).toEqual(untouched.map(([, each]) => each.end));
      }),
      { numRuns: 500 },
    );
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
            if (message.kind === "awareness")
              relay.receive({ userId: "u", user: { id: "u", name: "U", color: "#000000" } }, message.payload);
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
