/** One open document: takes updates, relays them at once, hands them to the log, and knows what a file version holds of it. */
import type { DocumentFacts } from "@atelier/contracts";
import { AwarenessRelay, type AwarenessSource } from "../awareness/awareness-relay.ts";
import { ClientOwners } from "../awareness/client-owners.ts";
import type { DocumentContent } from "./document-content.ts";
import type { Clock } from "#kernel/clock";
import { updateFrame } from "../connection/frames.ts";
import type { LogWriter } from "../log/log-writer.ts";
import type { LogFacts } from "../log/ports.ts";
import type { Ownership } from "./document-ref.ts";
import { RangeSet } from "./range-set.ts";
import type { WorkOf } from "../materialise/fair-turns.ts";
import type { TextFormat } from "../materialise/text-format.ts";
import type { Inspection } from "../updates/update-inspection.ts";

/** A connection as its document knows it. */
export interface Participant extends AwarenessSource {
  /** Whether its role allows it to change the text. */
  readonly mayEdit: boolean;
  send(frame: Uint8Array): void;
  /** May be left out for one that reads too slowly. */
  sendDroppable(frame: Uint8Array): void;
  /** Generation, read-only state or line ends changed. */
  factsChanged(): void;
  durabilityChanged(durable: boolean): void;
  /** Asks the client for all it has that the document lacks. */
  requestSync(): void;
  close(code: number, reason: string): void;
}

/** Who sent an update, and whom to tell that it is durable. */
export type Sender = {
  readonly userId: string | null;
  readonly participant: Participant | null;
  readonly onDurable: () => void;
};

/** What the newest file version holds of the document. */
export type CheckpointState = {
  /** The version that the text includes. */
  baseVersion: number;
  /** SHA-256, hex, of its text as a checkpoint would write it; null when not known. */
  baseHash: string | null;
  /** An encoded Y.Snapshot of the document when its text was that version's; null when there was no such moment. */
  baseSnapshot: Uint8Array | null;
  checkpointedSequence: number;
  /** A checkpoint whose outcome is unknown: it may have become a version. */
  saving: { readonly sequence: number; readonly hash: string; readonly snapshot: Uint8Array | null } | null;
  snapshotSequence: number;
  /** These facts are in the log and in the row. */
  isNoted: boolean;
};

/** Bytes that may wait for the log before a document goes read-only: when it is down, and when it is merely slow. */
const MAX_PENDING_BYTES = { down: 4 * 1024 * 1024, slow: 16 * 1024 * 1024 } as const;
/** Bytes logged since the last snapshot: above it the log is shortened at once; above four times as much no update is taken. */
export const SHRINK_LOG_BYTES = 16 * 1024 * 1024;
/** Number of deletions that are remembered, so that repeated ones are not logged again. */
const MAX_REMEMBERED_DELETIONS = 20_000;
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;

/** Why updates are not taken for a while: too much waits for the log, or the generation is about to end. */
type PauseReason = "backlog" | "renewal" | "history";
type ReadOnlyReason = "binary" | "too-large" | "log-unavailable";

export type LiveDocumentOptions = {
  readonly owner: Ownership;
  /** The account that owns the project. */
  readonly ownerId: string;
  readonly path: string;
  readonly format: TextFormat;
  /** The base version has line ends that differ from its format's: they are kept line by line. */
  readonly hasOwnEnds: boolean;
  readonly content: DocumentContent;
  /** Of the newest update. */
  readonly sequence: number;
  /** Of the newest log entry of any kind. */
  readonly lastSequence: number;
  readonly checkpoint: CheckpointState;
  /** Set when the document is read-only and nothing of it is stored. */
  readonly fixedReadOnly: "binary" | "too-large" | null;
  readonly editorIds: readonly string[];
  readonly clock: Clock;
  readonly writer: LogWriter;
  /** SHRINK_LOG_BYTES by default. */
  readonly shrinkLogBytes?: number | undefined;
};

export class LiveDocument {
  readonly owner: Ownership;
  readonly ownerId: string;
  readonly content: DocumentContent;
  readonly checkpoint: CheckpointState;
  readonly participants = new Set<Participant>();
  readonly awareness: AwarenessRelay;
  readonly clientOwners: ClientOwners;
  /** Deletions that were accepted recently. */
  readonly deletions = new RangeSet(MAX_REMEMBERED_DELETIONS);
  /** Number of accepted deletions of structs that the document does not have. */
  unknownDeletions = 0;
  readonly fixedReadOnly: "binary" | "too-large" | null;
  /** Who edited since the last checkpoint, in the order of their last edit. */
  readonly editorIds: Set<string>;
  /** A version from outside that is about to be merged, noted so that a checkpoint that meets it first knows its author. */
  awaited: { readonly basedOn: number; readonly version: number; readonly userId: string | null } | undefined;
  path: string;
  format: TextFormat;
  hasOwnEnds: boolean;
  /** True after it was dropped from memory: nothing of it is written any more. */
  isGone = false;
  /** The project or its owner's account was full at the last checkpoint: the text may only get shorter. */
  isFull = false;
  /** Called after every accepted update. */
  onEdited: () => void = () => undefined;
  /** Called when a version from outside could not be merged. */
  onBehind: () => void = () => undefined;
  /** Called when another owner has the document. */
  onRefused: () => void = () => undefined;
  #sequence: number;
  #lastSequence: number;
  #pendingBytes = 0;
  #loggedBytes = 0;
  readonly #shrinkLogBytes: number;
  readonly #pausedFor = new Set<PauseReason>();
  #lane: Promise<unknown> = Promise.resolve();
  readonly #writer: LogWriter;

  constructor(options: LiveDocumentOptions) {
    this.owner = options.owner;
    this.ownerId = options.ownerId;
    this.content = options.content;
    this.checkpoint = options.checkpoint;
    this.path = options.path;
    this.format = options.format;
    this.hasOwnEnds = options.hasOwnEnds;
    this.fixedReadOnly = options.fixedReadOnly;
    this.editorIds = new Set(options.editorIds);
    this.#sequence = options.sequence;
    this.#lastSequence = options.lastSequence;
    this.#writer = options.writer;
    this.#shrinkLogBytes = options.shrinkLogBytes ?? SHRINK_LOG_BYTES;
    this.clientOwners = new ClientOwners({
      clock: options.clock,
      isPresent: (userId) => [...this.participants].some((participant) => participant.userId === userId),
    });
    this.awareness = new AwarenessRelay({
      clock: options.clock,
      broadcast: (frame) => {
        for (const participant of this.participants) participant.sendDroppable(frame);
      },
      mayClaim: (source, clientId) => this.#mayClaim(source, clientId),
    });
  }

  /** Identifies the document among all of them. */
  /** Whose work it is what workers do for this document. */
  get work(): WorkOf {
    return { ownerId: this.ownerId, ...this.owner.ref };
  }

  /** The newest update's number in the log. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Whether it has updates that are in no file version. */
  get isDirty(): boolean {
    return (
      !this.isGone &&
      this.fixedReadOnly === null &&
      (this.#sequence > this.checkpoint.checkpointedSequence || this.checkpoint.saving !== null)
    );
  }

  get readOnlyReason(): ReadOnlyReason | null {
    return this.fixedReadOnly ?? (this.#pausedFor.size > 0 ? "log-unavailable" : null);
  }

  factsFor(role: DocumentFacts["role"]): DocumentFacts {
    const reason = this.readOnlyReason ?? (role === "viewer" ? "role" : null);
    const facts = { generation: this.owner.generation, role, eol: this.format.eol };
    return reason === null ? { ...facts, readOnly: false } : { ...facts, readOnly: true, reason };
  }

  /** Relays an inspected update, keeps it, and hands it to the log. */
  accept(update: Uint8Array, inspection: Inspection, sender: Sender): void {
    const made = updateFrame(update);
    this.relay(made, inspection, { sequence: this.takeSequence(), except: sender.participant });
    const bytes = made.update.byteLength;
    this.#pendingBytes += bytes;
    this.countLogged(bytes);
    this.#writer.append({
      kind: "edit",
      owner: this.owner,
      sequence: this.#sequence,
      update: made.update,
      userId: sender.userId,
      clientId: inspection.clientId,
      durable: () => {
        this.#settled(bytes);
        sender.onDurable();
      },
      refused: () => {
        this.#settled(bytes);
        this.onRefused();
      },
    });
    if (sender.userId !== null) {
      this.editorIds.delete(sender.userId);
      this.editorIds.add(sender.userId);
    }
    const mostBytes = this.#writer.isUp ? MAX_PENDING_BYTES.slow : MAX_PENDING_BYTES.down;
    if (this.#pendingBytes > mostBytes || this.#writer.backlogBytes > MAX_BACKLOG_BYTES)
      this.pauseEdits("backlog", true);
    this.onEdited();
  }

  /** Counts the bytes of an update that is about to be logged. */
  countLogged(bytes: number): void {
    this.#loggedBytes += bytes;
    if (this.#loggedBytes > 4 * this.#shrinkLogBytes) this.pauseEdits("history", true);
  }

  /** Whether so much was logged since the last snapshot that the log should be shortened. */
  get isLogLong(): boolean {
    return this.#loggedBytes > this.#shrinkLogBytes;
  }

  /** Takes the count of bytes logged since the last snapshot, for a new snapshot. @returns the bytes, to be added again if it fails */
  takeLogged(): number {
    const bytes = this.#loggedBytes;
    this.#loggedBytes = 0;
    return bytes;
  }

  /** The number of the next update. */
  takeSequence(): number {
    this.#sequence = this.takeEntrySequence();
    return this.#sequence;
  }

  /** The number of the next log entry without an update. */
  takeEntrySequence(): number {
    this.#lastSequence += 1;
    return this.#lastSequence;
  }

  /** The document's facts, as they are logged. */
  facts(): LogFacts {
    const { baseVersion, checkpointedSequence, saving } = this.checkpoint;
    return {
      baseVersion,
      checkpointedSequence,
      format: this.format,
      saving: saving === null ? null : { sequence: saving.sequence, hash: saving.hash },
      editorIds: [...this.editorIds],
    };
  }

  /** Shows an update to everybody and keeps it in memory. */
  relay(
    made: ReturnType<typeof updateFrame>,
    inspection: Inspection,
    at: { readonly sequence: number; readonly except: Participant | null },
  ): void {
    for (const participant of this.participants) if (participant !== at.except) participant.send(made.frame);
    this.content.append(at.sequence, made, inspection.ranges);
  }

  /** Pieces of work that replace the document's state or write its versions run one after the other. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lane.then(work);
    this.#lane = done.catch(() => undefined);
    return done;
  }

  factsChanged(): void {
    for (const participant of this.participants) participant.factsChanged();
  }

  /** While there is any reason, the document is read-only. Clients still have what was refused meanwhile. */
  pauseEdits(reason: PauseReason, isPaused: boolean): void {
    const was = this.#pausedFor.size > 0;
    if (isPaused) this.#pausedFor.add(reason);
    else this.#pausedFor.delete(reason);
    const is = this.#pausedFor.size > 0;
    if (was === is) return;
    this.factsChanged();
    if (!is) for (const participant of this.participants) participant.requestSync();
  }

  closeAll(code: number, reason: string): void {
    for (const participant of this.participants) participant.close(code, reason);
  }

  /** A viewer can read the ids of everybody who ever typed, so a viewer may only announce an id that nobody has typed with. */
  #mayClaim(source: AwarenessSource, clientId: number): boolean {
    if (this.clientOwners.isForeign(clientId, source.userId)) return false;
    const mayEdit = [...this.participants].some((participant) => participant === source && participant.mayEdit);
    if (!mayEdit && this.content.hasClient(clientId)) return false;
    this.clientOwners.claim(clientId, source.userId);
    return true;
  }

  #settled(bytes: number): void {
    this.#pendingBytes -= bytes;
    if (
      this.#pausedFor.has("backlog") &&
      this.#pendingBytes < MAX_PENDING_BYTES.down / 4 &&
      this.#writer.backlogBytes < MAX_BACKLOG_BYTES / 4
    )
      this.pauseEdits("backlog", false);
  }
}
