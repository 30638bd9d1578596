/** Exchanges text between a document and its file's versions: checkpoints, merges of versions from outside, snapshots. */
import { createHash } from "node:crypto";
import { CLOSE } from "@atelier/contracts";
import type { Files, StoredFile } from "#files";
import { updateFrame } from "../connection/frames.ts";
import type { LiveDocument } from "../document/live-document.ts";
import type { LogWriter } from "../log/log-writer.ts";
import type { Materialiser } from "../materialise/materialiser.ts";
import { Fenced } from "../document/document-ref.ts";
import type { DocumentStorage } from "../document/document-storage.ts";
import { inspectUpdate } from "../updates/update-inspection.ts";

export type CheckpointingParts = {
  readonly storage: DocumentStorage;
  readonly files: Pick<Files, "readStored" | "saveCheckpoint">;
  readonly materialiser: Materialiser;
  readonly writer: LogWriter;
  readonly maxStateBytes: number;
  /** Bytes of the log that shortening it keeps, also when snapshots and a version contain them. */
  readonly keptLogBytes: number;
  /** True: the outcome of a checkpoint is noted at once, for other nodes; false: with the next snapshot. */
  readonly notesAtOnce: boolean;
  /** Drops a document from memory without writing anything more. */
  readonly evict: (document: LiveDocument, close: { code: number; reason: string }) => void;
};

/** A version that came from elsewhere. */
export type OutsideVersion = {
  /** The version that its writer wrote over. */
  readonly basedOn: number;
  readonly version: number;
  readonly bytes: Uint8Array;
  readonly userId: string | null;
};

/** Attempts in a row when a PUT arrives between two of them; after that the next timer tries again. */
const MAX_ATTEMPTS = 8;

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export type Checkpointing = ReturnType<typeof createCheckpointing>;

export const createCheckpointing = (parts: CheckpointingParts) => {
  const { storage, files, materialiser, writer } = parts;

  const removed = (document: LiveDocument): void =>
    parts.evict(document, { code: CLOSE.notFound, reason: "the file was removed" });

  /** Compacts in the worker; answers the file's bytes as of now. */
  const read = async (document: LiveDocument) => {
    const { ref } = document.owner;
    const base = document.hasOwnEnds
      ? await files.readStored(ref.projectId, ref.fileId, document.checkpoint.baseVersion)
      : undefined;
    let { sequence } = document;
    const result = await materialiser.run(
      "read",
      () => {
        ({ sequence } = document);
        return { packed: document.content.packed(), format: document.format, base: base?.bytes };
      },
      document.work,
    );
    document.content.replaceThrough(sequence, result.state, result.bytes.byteLength);
    return { ...result, sequence };
  };

  /** Compares with the version that the document includes, never a later one: changes in between would count as merged. */
  const merge = async (document: LiveDocument, outside: Omit<OutsideVersion, "basedOn">): Promise<void> => {
    const { checkpoint, owner } = document;
    if (document.isGone || outside.version <= checkpoint.baseVersion) return;
    const base = await files.readStored(owner.ref.projectId, owner.ref.fileId, checkpoint.baseVersion);
    let builtOn = document.sequence;
    const result =
      base === undefined
        ? undefined
        : await materialiser.run(
            "external",
            () => {
              builtOn = document.sequence;
              return {
                packed: document.content.packed(),
                baseBytes: base.bytes,
                newBytes: outside.bytes,
                baseSnapshot: checkpoint.baseSnapshot,
              };
            },
            document.work,
          );
    // The updates that the change depends on have to be in the log before it.
    await writer.flush();
    if (result === undefined) {
      await storage.endGeneration(owner, outside.version).catch((error: unknown) => {
        // A document whose file was never text is dropped: it has no generation to end.
        if (document.fixedReadOnly === null || !(error instanceof Fenced)) throw error;
      });
      parts.evict(document, { code: CLOSE.generationChanged, reason: "the file changed between text and binary" });
      return;
    }
    const isWhole = result.snapshot !== null && builtOn === document.sequence;
    const inspection = result.update === undefined ? undefined : inspectUpdate(result.update);
    const update = result.update ?? new Uint8Array();
    const before = document.sequence;
    const sequence = result.update === undefined ? document.takeEntrySequence() : document.takeSequence();
    const newest = result.update === undefined ? before : sequence;
    const now = {
      baseVersion: outside.version,
      checkpointedSequence: isWhole ? newest : checkpoint.checkpointedSequence,
    };
    const author = { userId: outside.userId, clientId: inspection?.clientId ?? null };
    const facts = { ...document.facts(), ...now, format: result.format, saving: null };
    try {
      await storage.logExternal({ kind: "external", owner, sequence, update, ...author, facts });
      document.countLogged(update.byteLength);
    } catch (error) {
      // Whether it is in the log is unknown; only reading the log again can tell.
      parts.evict(document, { code: CLOSE.moving, reason: "reading the document again" });
      throw error;
    }
    const isFormatNew = document.format.eol !== result.format.eol;
    document.format = result.format;
    document.hasOwnEnds = result.hasOwnEnds;
    Object.assign(checkpoint, {
      baseVersion: now.baseVersion,
      checkpointedSequence: now.checkpointedSequence,
      baseHash: sha256(outside.bytes),
      baseSnapshot: isWhole ? result.snapshot : null,
      saving: null,
      isNoted: false,
    });
    if (result.update !== undefined && inspection !== undefined)
      document.relay(updateFrame(result.update), inspection, { sequence, except: null });
    if (isFormatNew) document.factsChanged();
    if (document.isDirty) document.onEdited();
    // Other nodes look the row up.
    if (parts.notesAtOnce) await noteRow(document);
  };

  const noteRow = (document: LiveDocument): Promise<void> => storage.noteProgress(document.owner, document.checkpoint);

  /** Writes the document's facts to the log and to its row. */
  const note = async (document: LiveDocument): Promise<void> => {
    await storage.logFacts(document.owner, document.takeEntrySequence(), document.facts());
    await noteRow(document);
    document.checkpoint.isNoted = true;
  };

  /** Finds out whether the checkpoint of unknown outcome became a version. */
  const resolveSaving = async (
    document: LiveDocument,
    newest: { version: number; bytes: Uint8Array },
  ): Promise<void> => {
    const { checkpoint } = document;
    const { projectId, fileId } = document.owner.ref;
    const next = checkpoint.baseVersion + 1;
    if (checkpoint.saving !== null && newest.version >= next) {
      const own = newest.version === next ? newest : await files.readStored(projectId, fileId, next);
      if (own !== undefined && sha256(own.bytes) === checkpoint.saving.hash) {
        checkpoint.baseVersion = next;
        checkpoint.baseHash = checkpoint.saving.hash;
        checkpoint.baseSnapshot = checkpoint.saving.snapshot;
        checkpoint.checkpointedSequence = checkpoint.saving.sequence;
        checkpoint.isNoted = false;
      }
    }
    if (checkpoint.saving !== null) checkpoint.isNoted = false;
    checkpoint.saving = null;
  };

  /** Merges the file's newer versions: first the document's own checkpoint of unknown outcome, then versions of others. */
  const catchUp = async (document: LiveDocument, { entry, bytes }: StoredFile): Promise<void> => {
    await resolveSaving(document, { version: entry.version, bytes });
    const { awaited, checkpoint } = document;
    const isAwaited = awaited?.version === entry.version && awaited.basedOn === checkpoint.baseVersion;
    await merge(document, { version: entry.version, bytes, userId: isAwaited ? awaited.userId : null });
  };

  const catchUpWithFile = async (document: LiveDocument): Promise<void> => {
    if (document.isGone) return;
    const { projectId, fileId } = document.owner.ref;
    const newest = await files.readStored(projectId, fileId);
    if (newest === undefined) removed(document);
    else await catchUp(document, newest);
  };

  const applyOutside = async (document: LiveDocument, { basedOn, ...outside }: OutsideVersion): Promise<void> => {
    if (document.isGone || outside.version <= document.checkpoint.baseVersion) return;
    try {
      await resolveSaving(document, outside);
      // Versions that the document missed before it are writes from outside as well.
      const isAlone = basedOn === document.checkpoint.baseVersion;
      await merge(document, isAlone ? outside : { ...outside, userId: null });
    } catch (error) {
      document.onBehind();
      throw error;
    }
  };

  /** @returns false when the stored file was ahead: it is merged, try again. */
  const attempt = async (document: LiveDocument): Promise<boolean> => {
    const { checkpoint, owner } = document;
    if (checkpoint.saving !== null) {
      await catchUpWithFile(document);
      return !document.isDirty;
    }
    const editorIds = [...document.editorIds];
    const result = await read(document);
    await writer.flush();
    if (result.hash !== checkpoint.baseHash) {
      checkpoint.saving = { sequence: result.sequence, hash: result.hash, snapshot: result.snapshot };
      await storage.logFacts(owner, document.takeEntrySequence(), document.facts());
      const saved = await files.saveCheckpoint({
        ...owner.ref,
        bytes: result.bytes,
        basedOn: checkpoint.baseVersion,
        editorIds,
      });
      if (saved === undefined) {
        removed(document);
        return true;
      }
      if ("conflict" in saved) {
        await catchUp(document, saved.conflict);
        return false;
      }
      document.isFull = saved.isFull;
      checkpoint.baseVersion = saved.entry.version;
      checkpoint.baseHash = result.hash;
    }
    checkpoint.baseSnapshot = result.snapshot;
    checkpoint.checkpointedSequence = result.sequence;
    checkpoint.saving = null;
    checkpoint.isNoted = false;
    if (document.sequence === result.sequence) document.editorIds.clear();
    return true;
  };

  const checkpointNow = async (document: LiveDocument): Promise<void> => {
    for (let left = MAX_ATTEMPTS; left > 0 && document.isDirty; left -= 1) {
      if (!(await attempt(document))) continue;
      if (parts.notesAtOnce) await noteIfNew(document);
      return;
    }
    if (document.isDirty) throw new Error("the file changes faster than its live edits can be merged");
  };

  const snapshotNow = async (document: LiveDocument): Promise<void> => {
    const { checkpoint, owner } = document;
    if (document.isGone || document.fixedReadOnly !== null) return;
    if (checkpoint.snapshotSequence === document.sequence) {
      document.takeLogged();
      document.pauseEdits("history", false);
      return;
    }
    const { sequence } = document;
    const whole = document.content.wholeState;
    const compacted =
      whole === undefined ? await read(document) : { state: whole, stateVector: document.content.stateVector() };
    await writer.flush();
    // The log may be read from the snapshot on, so the facts are logged again after it.
    await note(document);
    const loggedBytes = document.takeLogged();
    try {
      const { state, stateVector } = compacted;
      await storage.saveSnapshot(owner, { sequence, state, stateVector }, { ownerId: document.ownerId, loggedBytes });
    } catch (error) {
      document.countLogged(loggedBytes);
      throw error;
    }
    checkpoint.snapshotSequence = sequence;
    document.pauseEdits("history", false);
  };

  /**
   * Drops a history that is far larger than its text: pending edits become a version, the generation ends, and the next
   * opening seeds another one from that version. No update is accepted meanwhile, so none is acknowledged and then lost.
   */
  const renew = async (document: LiveDocument): Promise<void> => {
    if (document.isGone || document.content.stateBytes <= parts.maxStateBytes) return;
    document.pauseEdits("renewal", true);
    try {
      await writer.flush();
      await checkpointNow(document);
      if (document.isGone) return;
      await storage.endGeneration(document.owner, document.checkpoint.baseVersion);
      parts.evict(document, { code: CLOSE.generationChanged, reason: "a new history begins" });
    } finally {
      document.pauseEdits("renewal", false);
    }
  };

  const noteIfNew = async (document: LiveDocument): Promise<void> => {
    if (!document.isGone && !document.checkpoint.isNoted) await note(document);
  };

  /** A document whose text does not change makes no versions, so only this check finds out that its account is full. */
  const checkQuota = async (document: LiveDocument): Promise<void> => {
    const { ref } = document.owner;
    const newest = await files.readStored(ref.projectId, ref.fileId);
    if (newest === undefined || document.isGone) return;
    const same = { ...ref, bytes: newest.bytes, basedOn: newest.entry.version, editorIds: [] };
    const saved = await files.saveCheckpoint(same);
    if (saved !== undefined && !("conflict" in saved)) document.isFull = saved.isFull;
  };

  /** When the log has grown fast, removes updates that snapshots and a version contain now, without waiting for housekeeping. */
  const shrinkLog = async (document: LiveDocument): Promise<void> => {
    // Repeats for updates that were logged meanwhile: a document that is read-only because of its long log triggers no further call.
    while (!document.isGone && document.fixedReadOnly === null && document.isLogLong) {
      await checkpointNow(document);
      await snapshotNow(document);
      await noteIfNew(document);
      if (document.isGone) return;
      await storage.trimLog(document.owner, parts.keptLogBytes);
      await checkQuota(document);
    }
  };

  /** At most one compaction of each document waits: later requests share it. */
  const compactions = new WeakMap<LiveDocument, Promise<void>>();
  const compact = (document: LiveDocument): Promise<void> => {
    const asked = compactions.get(document);
    if (asked !== undefined) return asked;
    const work = document.exclusive(async () => {
      compactions.delete(document);
      if (document.isGone) return;
      await read(document);
      await renew(document);
    });
    compactions.set(document, work);
    return work;
  };

  return {
    /** Writes pending edits into a file version. @throws Problem when the log, the database or the worker fails. */
    checkpoint: (document: LiveDocument): Promise<void> => document.exclusive(() => checkpointNow(document)),
    /** Merges a version written from outside and those missed before it; does nothing when the document already includes it. */
    applyOutside: (document: LiveDocument, outside: OutsideVersion): Promise<void> =>
      document.exclusive(() => applyOutside(document, outside)),
    /** Merges versions that the document was not notified of, or failed to merge then. */
    catchUpWithFile: (document: LiveDocument): Promise<void> => document.exclusive(() => catchUpWithFile(document)),
    catchUp: (document: LiveDocument, newest: StoredFile): Promise<void> =>
      document.exclusive(() => catchUp(document, newest)),
    snapshot: (document: LiveDocument): Promise<void> => document.exclusive(() => snapshotNow(document)),
    shrinkLog: (document: LiveDocument): Promise<void> => document.exclusive(() => shrinkLog(document)),
    compact,
    /** Writes a checkpoint, a snapshot and the progress of both: after this the document can be dropped from memory. */
    putToRest: (document: LiveDocument): Promise<void> =>
      document.exclusive(async () => {
        if (document.fixedReadOnly !== null) return;
        await checkpointNow(document);
        await snapshotNow(document);
        await noteIfNew(document);
      }),
  };
};
