/** The operations that need a Y.Doc, on the bytes of one document. They run in the worker thread. */
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

/** CPU budget for comparing texts; after it the differing span is replaced as a whole. */
const DIFF_CPU_MS = 200;

/** A document compacted into one update, with its state vector. `snapshot` is an encoded Y.Snapshot. */
export type Compacted = {
  readonly state: Uint8Array;
  readonly stateVector: Uint8Array;
  readonly snapshot: Uint8Array;
  /** Updates that could not be integrated and were left out. */
  readonly skipped: number;
};
export type FileContent = { readonly bytes: Uint8Array; readonly hash: string };
/** The result of merging a version from outside. `update` is undefined when the document needs no change. */
export type TakenIn = {
  readonly update: Uint8Array | undefined;
  readonly format: TextFormat;
  /** The version has line ends that differ from its format's. */
  readonly hasOwnEnds: boolean;
  /** An encoded Y.Snapshot of the document when its text is now the version's; null when it has more. */
  readonly snapshot: Uint8Array | null;
};

/** Packs several updates into one byte array, which is cheap to transfer to another thread. */
export const packUpdates = (updates: Iterable<Uint8Array>): Uint8Array =>
  encoding.encode((encoder) => {
    for (const update of updates) encoding.writeVarUint8Array(encoder, update);
  });

function* unpack(packed: Uint8Array): Generator<Uint8Array> {
  const decoder = decoding.createDecoder(packed);
  while (decoding.hasContent(decoder)) yield decoding.readVarUint8Array(decoder);
}

/** Applies all updates in one transaction, which is much faster; if that fails, one by one, to find the update that can't be integrated. */
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
 * Returns a function that is false until this thread has used `cpuMs`. With elapsed time instead, a busy machine would replace a whole text
 * for one changed line, including what others type meanwhile.
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

/** The operations by name; arguments and results are plain data. */
export const work = {
  /** The first update of a document that has this text. */
  seed({ text }: { text: string }): Compacted {
    const doc = new Y.Doc();
    if (text !== "") doc.getText(ROOT_TEXT).insert(0, text);
    return compactDoc(doc, 0);
  },

  /** Inspects a large update, which would block the event loop. */
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

  /** Measures the size of the file with an update, and the CPU time of applying the update. */
  measure({ packed, update, format }: { packed: Uint8Array; update: Uint8Array; format: TextFormat }): {
    fileBytes: number;
    cpuMs: number;
  } {
    const { doc } = load(packed);
    // CPU time of this thread, because the elapsed time also depends on the load of the machine.
    const before = process.threadCpuUsage();
    Y.applyUpdate(doc, update);
    const used = process.threadCpuUsage(before);
    const cpuMs = (used.user + used.system) / 1_000;
    return { fileBytes: encodeFile(doc.getText(ROOT_TEXT).toJSON(), format).byteLength, cpuMs };
  },

  /** The update with all structs that a client with this state vector lacks. */
  diff({ packed, stateVector }: { packed: Uint8Array; stateVector: Uint8Array }): { update: Uint8Array } {
    return { update: Y.encodeStateAsUpdate(load(packed).doc, stateVector) };
  },

  /** Whether an update contains anything that the document does not have. */
  adds({ packed, update }: { packed: Uint8Array; update: Uint8Array }): { adds: boolean } {
    const { doc } = load(packed);
    const before = Y.snapshot(doc);
    Y.applyUpdate(doc, update);
    return { adds: !Y.equalSnapshots(before, Y.snapshot(doc)) || doc.store.pendingStructs !== null };
  },

  /** Merges two changes of one text. For a large text, even splitting it into lines would block the event loop. */
  merge(texts: { readonly base: string; readonly current: string; readonly changed: string }): {
    readonly text: string;
  } {
    return { text: mergeTexts(texts, outOfCpu()) };
  },

  /** Merges a version written from outside. @returns undefined when one of the two versions is not text. */
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
