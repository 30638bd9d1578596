/** What needs a Y.Doc: short pieces of work on the bytes of one document, made to run in the worker thread. */
import { createHash } from "node:crypto";
import { ROOT_TEXT } from "@atelier/contracts";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import { applyExternalWrite } from "../external/external-change.ts";
import { mergeTexts } from "../external/merge-texts.ts";
import { BadMessage } from "../connection/frames.ts";
import { decodeFile, encodeFile, encodeWithEndsOf, hasOwnLineEnds, type TextFormat } from "./text-format.ts";
import { inspectUpdate, type Inspection } from "../updates/update-inspection.ts";

/** Comparing texts may use as much CPU; then the differing span is replaced. */
const DIFF_CPU_MS = 200;

/** A document compacted into one update, with what it covers. `snapshot` is an encoded Y.Snapshot. */
export type Compacted = {
  readonly state: Uint8Array;
  readonly stateVector: Uint8Array;
  readonly snapshot: Uint8Array;
  /** Updates that could not be integrated and were left out. */
  readonly skipped: number;
};
export type FileContent = { readonly bytes: Uint8Array; readonly hash: string };
/** A version from outside in a document. `update` undefined: there was nothing to change. */
export type TakenIn = {
  readonly update: Uint8Array | undefined;
  readonly format: TextFormat;
  /** The version has line ends that differ from its format's. */
  readonly hasOwnEnds: boolean;
  /** An encoded Y.Snapshot of the document when its text is now the version's; null when it has more. */
  readonly snapshot: Uint8Array | null;
};

/** Several updates as one byte array: cheap to hand to another thread. */
export const packUpdates = (updates: Iterable<Uint8Array>): Uint8Array =>
  encoding.encode((encoder) => {
    for (const update of updates) encoding.writeVarUint8Array(encoder, update);
  });

function* unpack(packed: Uint8Array): Generator<Uint8Array> {
  const decoder = decoding.createDecoder(packed);
  while (decoding.hasContent(decoder)) yield decoding.readVarUint8Array(decoder);
}

/** One transaction for all is far faster than one each; one at a time finds the update that can't be integrated. */
const load = (packed: Uint8Array): { doc: Y.Doc; skipped: number } => {
  try {
    const doc = new Y.Doc();
    doc.transact(() => {
      for (const update of unpack(packed)) Y.applyUpdate(doc, update);
    });
    return { doc, skipped: 0 };
  } catch {
    let skipped = 0;
    let sound: Uint8Array[] = [];
    for (const update of unpack(packed)) {
      try {
        const trial = new Y.Doc();
        trial.transact(() => {
          for (const one of [...sound, update]) Y.applyUpdate(trial, one);
        });
        sound = [Y.encodeStateAsUpdate(trial)];
      } catch {
        skipped += 1;
      }
    }
    const doc = new Y.Doc();
    for (const update of sound) Y.applyUpdate(doc, update);
    return { doc, skipped };
  }
};

const compactDoc = (doc: Y.Doc, skipped: number): Compacted => ({
  state: Y.encodeStateAsUpdate(doc),
  stateVector: Y.encodeStateVector(doc),
  snapshot: Y.encodeSnapshot(Y.snapshot(doc)),
  skipped,
});

/**
 * Returns a function that is false until this thread has used so much CPU. By the clock a busy machine would replace a whole text for one
 * changed line, and with it what others type meanwhile.
 */
export const outOfCpu = (cpuMs = DIFF_CPU_MS): (() => boolean) => {
  const before = process.threadCpuUsage();
  return () => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1_000 > cpuMs;
  };
};

const contentOf = (doc: Y.Doc, format: TextFormat, base: Uint8Array | undefined): FileContent => {
  const text = doc.getText(ROOT_TEXT).toJSON();
  const bytes = base === undefined ? encodeFile(text, format) : encodeWithEndsOf(base, { text, format }, outOfCpu());
  return { bytes, hash: createHash("sha256").update(bytes).digest("hex") };
};

/** Every piece of work by its name; arguments and answers are plain data. */
export const work = {
  /** The first update of a document that has this text. */
  seed({ text }: { text: string }): Compacted {
    const doc = new Y.Doc();
    if (text !== "") doc.getText(ROOT_TEXT).insert(0, text);
    return compactDoc(doc, 0);
  },

  /** A large update is looked into here instead of on the event loop. */
  inspect({ update }: { update: Uint8Array }): { inspection: Inspection } | { fault: string } {
    try {
      return { inspection: inspectUpdate(update) };
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error;
      return { fault: error.message };
    }
  },

  /**
   * Compacts the document, and makes the bytes of its file.
   * @param argument.base the version that the document is based on, when it has mixed line ends
   */
  read({
    packed,
    format,
    base,
  }: {
    packed: Uint8Array;
    format: TextFormat;
    base?: Uint8Array | undefined;
  }): Compacted & FileContent {
    const { doc, skipped } = load(packed);
    return { ...compactDoc(doc, skipped), ...contentOf(doc, format, base) };
  },

  /** How large the file would be with an update, and what taking it in costs. */
  measure({ packed, update, format }: { packed: Uint8Array; update: Uint8Array; format: TextFormat }): {
    fileBytes: number;
    cpuMs: number;
  } {
    const { doc } = load(packed);
    // Of this thread alone: on a busy machine a clock would blame the update for it.
    const before = process.threadCpuUsage();
    Y.applyUpdate(doc, update);
    const used = process.threadCpuUsage(before);
    const cpuMs = (used.user + used.system) / 1_000;
    return { fileBytes: encodeFile(doc.getText(ROOT_TEXT).toJSON(), format).byteLength, cpuMs };
  },

  /** What a client with this state vector lacks. */
  diff({ packed, stateVector }: { packed: Uint8Array; stateVector: Uint8Array }): { update: Uint8Array } {
    return { update: Y.encodeStateAsUpdate(load(packed).doc, stateVector) };
  },

  /** Whether an update says anything that the document does not have. */
  adds({ packed, update }: { packed: Uint8Array; update: Uint8Array }): { adds: boolean } {
    const { doc } = load(packed);
    const before = Y.snapshot(doc);
    Y.applyUpdate(doc, update);
    return { adds: !Y.equalSnapshots(before, Y.snapshot(doc)) || doc.store.pendingStructs !== null };
  },

  /** Merges two changes of one text. Of a large one the cutting into lines alone would be noticed on the event loop. */
  merge(texts: { readonly base: string; readonly current: string; readonly changed: string }): {
    readonly text: string;
  } {
    return { text: mergeTexts(texts, outOfCpu()) };
  },

  /** Brings in a version written from outside. @returns undefined when one of the two versions is not text. */
  external(write: {
    packed: Uint8Array;
    baseBytes: Uint8Array;
    newBytes: Uint8Array;
    baseSnapshot: Uint8Array | null;
  }): TakenIn | undefined {
    const base = decodeFile(write.baseBytes);
    const next = decodeFile(write.newBytes);
    if (base.kind !== "text" || next.kind !== "text") return undefined;
    const { doc } = load(write.packed);
    const update = applyExternalWrite(
      doc,
      { baseText: base.text, newText: next.text, baseSnapshot: write.baseSnapshot },
      outOfCpu(),
    );
    // Compared as text: the version's own line ends are inserted when the document is written.
    const isWhole = doc.getText(ROOT_TEXT).toJSON() === next.text;
    return {
      update,
      format: next.format,
      hasOwnEnds: hasOwnLineEnds(write.newBytes, next),
      snapshot: isWhole ? Y.encodeSnapshot(Y.snapshot(doc)) : null,
    };
  },
};

export type Work = typeof work;
