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
import type { Materialiser } from "../materialise/materialiser.ts";
import type { DocumentRef, DocumentStore, Ownership, StoredDocument } from "../ports.ts";
import { decodeFile, hasOwnLineEnds, type TextFormat } from "../materialise/text-format.ts";
import { INLINE_INSPECTION_BYTES, inspectUpdate, type Inspection } from "../updates/update-inspection.ts";

export type OpeningParts = {
  readonly store: DocumentStore;
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

/** Small ones here, large ones in the worker. @throws BadMessage */
const inspect = async (materialiser: Materialiser, update: Uint8Array, key: string): Promise<Inspection> => {
  if (update.byteLength <= INLINE_INSPECTION_BYTES) return inspectUpdate(update);
  const looked = await materialiser.run("inspect", () => ({ update: update.slice() }), key);
  if ("fault" in looked) throw new BadMessage(looked.fault);
  return looked.inspection;
};

/** The bytes of a stored document as they are kept in memory, with the number of its last update. */
const replay = async (
  stored: StoredDocument,
  { materialiser, log }: OpeningParts,
  key: string,
): Promise<{ content: DocumentContent; sequence: number }> => {
  const base = stored.snapshot ?? { state: EMPTY_UPDATE, stateVector: EMPTY_VECTOR, sequence: 0 };
  const content = new DocumentContent(base);
  let { sequence } = base;
  for (const logged of stored.tail) {
    ({ sequence } = logged);
    try {
      content.append(sequence, updateFrame(logged.update), (await inspect(materialiser, logged.update, key)).ranges);
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error;
      // Only what was inspected gets into the log: this row was changed since.
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
  // A seed is one log row: reading it back is as quick as a snapshot.
  snapshotSequence: sequence,
  isNoted: true,
});

/** Whether there is a valid snapshot, or the log goes back to its seed. Both snapshots may be damaged after the log was trimmed. */
const isWhole = ({ row, snapshot, tail }: StoredDocument): boolean => {
  const [first] = tail;
  return snapshot !== null || (first === undefined ? row.checkpointedSequence === 0 : first.sequence === 1);
};

/** When the log can't be read back, the newest file version is used. */
const beginAnew = async (
  parts: OpeningParts,
  ref: DocumentRef,
  { home, found }: { readonly home: Home; readonly found: StoredDocument },
): Promise<StoredDocument | undefined> => {
  const { generation, baseVersion } = found.row;
  parts.log.error("collaboration.history-unreadable", { ...ref, generation });
  await parts.store.retire({ ref, generation, fence: home.fence }, baseVersion);
  return parts.store.takeOver(ref, home.fence);
};

/** @returns undefined when there is no such file. @throws Fenced, Problem */
export const openDocument = async (
  parts: OpeningParts,
  ref: DocumentRef,
  home: Home,
): Promise<LiveDocument | undefined> => {
  const file = await parts.files.readStored(ref.projectId, ref.fileId);
  if (file === undefined) return undefined;
  const found = await parts.store.takeOver(ref, home.fence);
  const stored = found === undefined || isWhole(found) ? found : await beginAnew(parts, ref, { home, found });
  const owner: Ownership = { ref, generation: stored?.row.generation ?? 1, fence: home.fence };
  const key = `${ref.projectId}/${ref.fileId}`;
  const common = {
    owner,
    path: file.entry.path,
    clock: parts.clock,
    writer: parts.writer,
    shrinkLogBytes: parts.shrinkLogBytes,
  };

  if (stored !== undefined && (stored.snapshot !== null || stored.tail.length > 0)) {
    const { content, sequence } = await replay(stored, parts, key);
    const { row } = stored;
    const document = new LiveDocument({
      ...common,
      content,
      sequence,
      format: row.format,
      hasOwnEnds: hasOwnEnds(file.bytes, row.format),
      fixedReadOnly: null,
      editorIds: stored.editorIds,
      checkpoint: {
        baseVersion: row.baseVersion,
        baseHash: row.baseVersion === file.entry.version ? textHash(file.bytes) : null,
        baseSnapshot: null,
        checkpointedSequence: row.checkpointedSequence,
        saving: row.saving === null ? null : { ...row.saving, snapshot: null },
        snapshotSequence: stored.snapshot?.sequence ?? 0,
        isNoted: true,
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
      format: { eol: "lf", byteOrderMark: false },
      hasOwnEnds: false,
      fixedReadOnly: decoded.kind,
      editorIds: [],
      checkpoint: atRest(file, 0),
    });

  const seed = await parts.materialiser.run("seed", () => ({ text: decoded.text }), key);
  await parts.store.create(owner, { update: seed.state, baseVersion: file.entry.version, format: decoded.format });
  return new LiveDocument({
    ...common,
    content: new DocumentContent({
      state: seed.state,
      stateVector: seed.stateVector,
      sequence: 1,
      fileBytes: file.bytes.byteLength,
    }),
    sequence: 1,
    format: decoded.format,
    hasOwnEnds: hasOwnEnds(file.bytes, decoded.format),
    fixedReadOnly: null,
    editorIds: [],
    checkpoint: { ...atRest(file, 1), baseSnapshot: seed.snapshot },
  });
};
