/** Opens a document under its home: seeds it once from the file, later reads it back from its log. */
import { createHash } from "node:crypto";
import type { Clock } from "#kernel/clock";
import type { Log } from "#kernel/log";
import type { Home } from "#platform/homes";
import type { Files, StoredFile } from "#files";
import type { Checkpointing } from "../checkpoint/checkpointing.ts";
import { DocumentContent } from "./document-content.ts";
import { BadMessage, EMPTY_UPDATE, updateFrame } from "../connection/frames.ts";
import { LiveDocument, type CheckpointState } from "./live-document.ts";
import type { LogWriter } from "../log/log-writer.ts";
import type { WorkOf } from "../materialise/fair-turns.ts";
import type { Materialiser } from "../materialise/materialiser.ts";
import type { DocumentRef, Ownership } from "./document-ref.ts";
import type { DocumentStorage } from "./document-storage.ts";
import type { History, StoredDocument } from "./stored-document.ts";
import { decodeFile, hasOwnLineEnds, type TextFormat } from "../materialise/text-format.ts";
import { INLINE_INSPECTION_BYTES, inspectUpdate, type Inspection } from "../updates/update-inspection.ts";

export type OpeningParts = {
  readonly storage: DocumentStorage;
  readonly files: Pick<Files, "readStored">;
  readonly materialiser: Materialiser;
  readonly writer: LogWriter;
  readonly checkpointing: Checkpointing;
  readonly clock: Clock;
  readonly shrinkLogBytes?: number | undefined;
  readonly log: Log;
};

/** State vector of a document without content. */
const EMPTY_VECTOR = Uint8Array.of(0);

/** Inspects small updates in this thread, large ones in a worker. @throws BadMessage */
const inspect = async (materialiser: Materialiser, update: Uint8Array, of: WorkOf): Promise<Inspection> => {
  if (update.byteLength <= INLINE_INSPECTION_BYTES) return inspectUpdate(update);
  const looked = await materialiser.run("inspect", () => ({ update: update.slice() }), of);
  if ("fault" in looked) throw new BadMessage(looked.fault);
  return looked.inspection;
};

/** The content of a stored document for memory, with the sequence of its last update. */
const replay = async (
  { snapshot, updates }: History,
  { materialiser, log }: OpeningParts,
  of: WorkOf,
): Promise<{ content: DocumentContent; sequence: number }> => {
  const base = snapshot ?? { state: EMPTY_UPDATE, stateVector: EMPTY_VECTOR, sequence: 0 };
  const content = new DocumentContent(base);
  let { sequence } = base;
  for (const logged of updates) {
    ({ sequence } = logged);
    try {
      content.append(sequence, updateFrame(logged.update), (await inspect(materialiser, logged.update, of)).ranges);
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error;
      // Only inspected updates are logged, so this entry was damaged later.
      log.error("collaboration.log-row-unreadable", { sequence, error: error.message });
    }
  }
  return { content, sequence };
};

const textHash = (bytes: Uint8Array): string | null =>
  decodeFile(bytes).kind === "text" ? createHash("sha256").update(bytes).digest("hex") : null;

/** @param format of the document: after edits it may differ from what most lines of the file have */
const hasOwnEnds = (bytes: Uint8Array, format: TextFormat): boolean => {
  const decoded = decodeFile(bytes);
  return decoded.kind === "text" && hasOwnLineEnds(bytes, { ...decoded, format });
};

const atRest = (file: StoredFile, sequence: number): CheckpointState => ({
  baseVersion: file.entry.version,
  baseHash: textHash(file.bytes),
  baseSnapshot: null,
  checkpointedSequence: sequence,
  saving: null,
  // A seed is one log entry: reading it back is as quick as a snapshot.
  snapshotSequence: sequence,
  isNoted: true,
});

/** When the history can't be read back, the next generation begins with the newest file version. */
const beginAnew = async (
  parts: OpeningParts,
  ref: DocumentRef,
  at: { readonly generation: number; readonly fence: bigint; readonly version: number },
): Promise<number> => {
  const { generation, fence } = at;
  parts.log.error("collaboration.history-unreadable", { ...ref, generation });
  await parts.storage.endGeneration({ ref, generation, fence }, at.version);
  return generation + 1;
};

const generationOf = (
  parts: OpeningParts,
  found: StoredDocument | undefined,
  about: { readonly ref: DocumentRef; readonly fence: bigint; readonly version: number },
): number | Promise<number> => {
  if (found === undefined) return 1;
  const { generation, isDamaged } = found;
  return isDamaged ? beginAnew(parts, about.ref, { ...about, generation }) : generation;
};

/** @returns undefined when there is no such file. @throws Fenced, Problem */
export const openDocument = async (
  parts: OpeningParts,
  ref: DocumentRef,
  home: Home,
): Promise<LiveDocument | undefined> => {
  const file = await parts.files.readStored(ref.projectId, ref.fileId);
  if (file === undefined) return undefined;
  const { fence } = home;
  const stored = await parts.storage.open(ref, { fence, ownerId: file.ownerId });
  const generation = await generationOf(parts, stored, { ref, fence, version: file.entry.version });
  const owner: Ownership = { ref, generation, fence };
  const work: WorkOf = { ownerId: file.ownerId, ...ref };
  const common = {
    owner,
    ownerId: file.ownerId,
    path: file.entry.path,
    clock: parts.clock,
    writer: parts.writer,
    shrinkLogBytes: parts.shrinkLogBytes,
  };

  const history = stored?.history ?? null;
  if (history !== null) {
    const { content, sequence } = await replay(history, parts, work);
    const { facts, snapshot, lastSequence } = history;
    const document = new LiveDocument({
      ...common,
      content,
      sequence,
      lastSequence,
      format: facts.format,
      hasOwnEnds: hasOwnEnds(file.bytes, facts.format),
      fixedReadOnly: null,
      editorIds: facts.editorIds,
      checkpoint: {
        baseVersion: facts.baseVersion,
        baseHash: facts.baseVersion === file.entry.version ? textHash(file.bytes) : null,
        baseSnapshot: null,
        checkpointedSequence: facts.checkpointedSequence,
        saving: facts.saving === null ? null : { ...facts.saving, snapshot: null },
        snapshotSequence: snapshot?.sequence ?? 0,
        isNoted: stored?.isNoted ?? true,
      },
    });
    await parts.checkpointing.catchUp(document, file);
    return document;
  }

  const decoded = decodeFile(file.bytes);
  if (decoded.kind !== "text")
    return new LiveDocument({
      ...common,
      content: new DocumentContent({ state: EMPTY_UPDATE, stateVector: EMPTY_VECTOR, sequence: 0 }),
      sequence: 0,
      lastSequence: 0,
      format: { eol: "lf", byteOrderMark: false },
      hasOwnEnds: false,
      fixedReadOnly: decoded.kind,
      editorIds: [],
      checkpoint: atRest(file, 0),
    });

  const seed = await parts.materialiser.run("seed", () => ({ text: decoded.text }), work);
  await parts.storage.create(owner, { update: seed.state, baseVersion: file.entry.version, format: decoded.format });
  return new LiveDocument({
    ...common,
    content: new DocumentContent({
      state: seed.state,
      stateVector: seed.stateVector,
      sequence: 1,
      fileBytes: file.bytes.byteLength,
    }),
    sequence: 1,
    lastSequence: 1,
    format: decoded.format,
    hasOwnEnds: hasOwnEnds(file.bytes, decoded.format),
    fixedReadOnly: null,
    editorIds: [],
    checkpoint: { ...atRest(file, 1), baseSnapshot: seed.snapshot },
  });
};
