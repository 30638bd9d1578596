/** One open document: accepts updates, relays them at once, appends them to the log, and knows which of them are in a file version. */
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
  /** Sends the frame unless the connection reads too slowly. */
  sendDroppable(frame: Uint8Array): void;
  /** Called when the generation, read-only state or line ends changed. */
  factsChanged(): void;
  durabilityChanged(durable: boolean): void;
  /** Sends a sync request: the client answers with all updates that the document lacks. */
  requestSync(): void;
  close(code: number, reason: string): void;
}

/** The sender of an update, and the callback for when it is durable. */
export type Sender = {
  readonly userId: string | null;
  readonly participant: Participant | null;
  readonly onDurable: () => void;
};

/** The progress of the document in file versions. */
export type CheckpointState = {
  /** The version that the text includes. */
  baseVersion: number;
  /** SHA-256, hex, of that version's text as a checkpoint would write it; null when unknown. */
  baseHash: string | null;
  /** An encoded Y.Snapshot of the document when its text was that version's; null when it never was. */
  baseSnapshot: Uint8Array | null;
  checkpointedSequence: number;
  /** A checkpoint whose outcome is unknown: it may have become a version. */
  saving: { readonly sequence: number; readonly hash: string; readonly snapshot: Uint8Array | null } | null;
  snapshotSequence: number;
  /** True when the log and the row have these facts. */
  isNoted: boolean;
};

/** Bytes that may wait for the log before a document becomes read-only: while appends fail, and while they are only slow. */
const MAX_PENDING_BYTES = { down: 4 * 1024 * 1024, slow: 16 * 1024 * 1024 } as const;
/** Bytes logged since the last snapshot: above it the log is shortened at once; above four times as much updates are refused. */
export const SHRINK_LOG_BYTES = 16 * 1024 * 1024;
/** Number of deletions that are remembered, so that repeated ones are not logged again. */
const MAX_REMEMBERED_DELETIONS = 20_000;
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;

/** Why updates are refused for some time: too many bytes wait for the log, the log is too long, or the generation is about to end. */
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
  /** Sequence of the newest update. */
  readonly sequence: number;
  /** Sequence of the newest log entry of any kind. */
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
  /** A version from outside that waits for its merge: a checkpoint that conflicts with it before finds its author here. */
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

  /** The account, project and document to which the CPU of workers is accounted. */
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

  /** Adds the bytes of an update that is about to be logged. */
  countLogged(bytes: number): void {
    this.#loggedBytes += bytes;
    if (this.#loggedBytes > 4 * this.#shrinkLogBytes) this.pauseEdits("history", true);
  }

  /** Whether the bytes logged since the last snapshot exceed the limit above which the log is shortened. */
  get isLogLong(): boolean {
    return this.#loggedBytes > this.#shrinkLogBytes;
  }

  /** Resets the count of bytes logged since the last snapshot, for a new one. @returns the count, to be added again if the snapshot fails */
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

  /** Sends an update to the other connections and keeps it in memory. */
  relay(
    made: ReturnType<typeof updateFrame>,
    inspection: Inspection,
    at: { readonly sequence: number; readonly except: Participant | null },
  ): void {
    for (const participant of this.participants) if (participant !== at.except) participant.send(made.frame);
    this.content.append(at.sequence, made, inspection.ranges);
  }

  /** Runs work that replaces the document's state or writes its versions, one after the other. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lane.then(work);
    this.#lane = done.catch(() => undefined);
    return done;
  }

  factsChanged(): void {
    for (const participant of this.participants) participant.factsChanged();
  }

  /** The document is read-only while there is any reason. Clients keep the updates that were refused meanwhile. */
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

  /** The ids of all authors are visible to viewers, so a viewer may only announce an id with which nobody has typed. */
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
