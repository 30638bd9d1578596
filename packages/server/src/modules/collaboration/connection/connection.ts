/** One channel of one document: reads its messages, writes no faster than the client reads, and closes it when needed. */
import { CLOSE, type Role } from "@atelier/contracts";
import type { Actor } from "#kernel/actor";
import type { Clock } from "#kernel/clock";
import type { Log } from "#kernel/log";
import { type Access, type Channel, type Frame, FRAME_COST_BYTES, frameCost } from "#platform/channels";
import type { Histogram } from "#platform/metrics";
import { AwarenessTooLarge, KEEP_ALIVE_FRAME, type PresenceUser } from "../awareness/awareness-relay.ts";
import {
  BadMessage,
  durabilityFrame,
  factsFrame,
  parseFrame,
  savedFrame,
  step1Frame,
  type Incoming,
} from "./frames.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { isSurelyFine, type CapacityParts, tryOut } from "../updates/text-limit.ts";
import type { LiveDocument, Participant } from "../document/live-document.ts";
import { MessageLane } from "./message-lane.ts";
import { createBucket } from "./rate-limit.ts";
import { SavedCount } from "./saved-count.ts";
import { checkUpdate, noteAccepted, type Offered } from "../updates/update-check.ts";
import { answerSync, type SyncParts } from "./sync-answer.ts";
import { inspectKeystroke } from "../updates/keystroke-inspection.ts";
import { INLINE_INSPECTION_BYTES, inspectUpdate } from "../updates/update-inspection.ts";

/** Only each eighth relay is measured: measuring can cost more than the relay itself. */
const MEASURED_EVERY = 8;
/** Memory of a waiting frame beside its bytes. */
const FRAME_OVERHEAD_BYTES = 256;

export type ConnectionParts = SyncParts &
  CapacityParts & {
    readonly clock: Clock;
    readonly log: Log;
    readonly relaySeconds: Histogram;
    readonly limits: ConnectionLimits;
    /** Called for each connection whose updates became durable; acknowledgements are sent together after the commit. */
    readonly acknowledge: (connection: Connection) => void;
  };

export type ConnectionOptions = {
  readonly channel: Channel;
  readonly access: Access;
  readonly actor: Actor;
  /** `#rrggbb`, the colour in which others see the user. */
  readonly color: string;
  readonly role: Role;
  readonly document: LiveDocument;
  /** True for clients that understand Atelier's own messages, whose types begin at 100. */
  readonly speaksOurs: boolean;
  readonly isLogUp: boolean;
  readonly onFirstEdit: () => void;
  readonly parts: ConnectionParts;
};

export class Connection implements Participant {
  readonly actor: Actor;
  readonly user: PresenceUser;
  readonly document: LiveDocument;
  readonly sinceMs: number;
  readonly #channel: Channel;
  readonly #access: Access;
  readonly #parts: ConnectionParts;
  readonly #speaksOurs: boolean;
  readonly #saved = new SavedCount();
  readonly #mayMessage: (amount: number) => boolean;
  readonly #mayBytes: (amount: number) => boolean;
  readonly #mayShow: (amount: number) => boolean;
  #onFirstEdit: (() => void) | undefined;
  #role: Role;
  #isClosed = false;
  readonly #lane = new MessageLane();
  /** State vector of the newest sync request that waits; another one is being answered while `#isAnswering`. */
  #asked: Uint8Array | undefined;
  #isAnswering = false;
  #framesUnread = 0;
  #unreadAllowance: number;

  constructor(options: ConnectionOptions) {
    this.actor = options.actor;
    this.user = { id: options.actor.userId, name: options.actor.name, color: options.color };
    this.document = options.document;
    this.#channel = options.channel;
    this.#access = options.access;
    this.#parts = options.parts;
    this.#speaksOurs = options.speaksOurs;
    this.#onFirstEdit = options.onFirstEdit;
    this.#role = options.role;
    const { clock, limits } = options.parts;
    this.sinceMs = clock.now();
    this.#mayMessage = createBucket(clock, limits.messages);
    this.#mayBytes = createBucket(clock, limits.bytes);
    this.#mayShow = createBucket(clock, limits.awarenessBytes);
    this.#unreadAllowance = limits.maxUnreadBytes;
    this.document.participants.add(this);
    this.factsChanged();
    if (!options.isLogUp) this.durabilityChanged(false);
    this.requestSync();
    const awareness = this.document.awareness.frame();
    if (awareness !== undefined) this.send(awareness);
  }

  get userId(): string {
    return this.actor.userId;
  }

  get role(): Role {
    return this.#role;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Queues one message and returns its credit when it is processed. An error closes this connection and affects no other. */
  receive(frame: Frame): void {
    if (this.#isClosed) return;
    const cost = frameCost(frame);
    const bytes = cost - FRAME_COST_BYTES;
    if (!this.#mayMessage(1) || !this.#mayBytes(bytes)) return this.close(CLOSE.tooFast, "too fast");
    if (bytes > this.#parts.limits.maxUpdateBytes) return this.close(CLOSE.tooLarge, "too large");
    if (typeof frame === "string") return this.close(CLOSE.badMessage, "not binary");
    this.#lane.take(() => this.#receive(frame, cost));
  }

  #receive(data: Uint8Array, cost: number): void {
    if (this.#isClosed) return;
    this.#channel.credit(cost);
    try {
      this.#take(parseFrame(data));
    } catch (error) {
      if (error instanceof BadMessage) return this.close(CLOSE.badMessage, error.message);
      if (error instanceof AwarenessTooLarge) return this.close(CLOSE.tooLarge, "awareness too large");
      this.#parts.log.error("collaboration.message-failed", {
        error: error instanceof Error ? error.message : "unknown",
      });
      this.close(CLOSE.overloaded, "internal");
    }
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed) return;
    const unread = this.#channel.unsentBytes;
    this.#framesUnread = unread === 0 ? 0 : this.#framesUnread + 1;
    if (unread + this.#framesUnread * FRAME_OVERHEAD_BYTES > this.#unreadAllowance)
      return this.close(CLOSE.overloaded, "reads too slowly");
    this.#channel.send(frame);
  }

  sendDroppable(frame: Uint8Array): void {
    if (this.#channel.unsentBytes * 4 < this.#parts.limits.maxUnreadBytes) this.send(frame);
  }

  keepAlive(): void {
    this.sendDroppable(KEEP_ALIVE_FRAME);
  }

  factsChanged(): void {
    if (this.#speaksOurs) this.send(factsFrame(this.document.factsFor(this.#role)));
  }

  durabilityChanged(durable: boolean): void {
    if (this.#speaksOurs) this.send(durabilityFrame(durable));
  }

  requestSync(): void {
    if (this.mayEdit) this.send(step1Frame(this.document.content.stateVector()));
  }

  /** Acknowledges the updates that became durable since the last call. */
  sendSaved(): void {
    const count = this.#saved.takeNews();
    if (count !== undefined && this.#speaksOurs) this.send(savedFrame(count));
  }

  /** Called when the user's role was looked up again. */
  roleChanged(role: Role): void {
    if (role === this.#role) return;
    this.#role = role;
    this.factsChanged();
    this.requestSync();
  }

  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.leave();
    this.#channel.close(code, reason);
  }

  /** Called when the channel closes or has closed. */
  leave(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lane.clear();
    this.document.participants.delete(this);
    this.document.awareness.drop(this);
    this.document.clientOwners.left(this.actor);
  }

  get mayEdit(): boolean {
    return this.#role !== "viewer" && this.document.fixedReadOnly === null;
  }

  /** Runs work for which later messages wait; they also wait for look-ups of rights that began meanwhile. */
  #busy(work: () => Promise<void>): void {
    void this.#lane.busy(async () => {
      await work();
      await this.#access.known();
    });
  }

  #take(message: Incoming): void {
    switch (message.kind) {
      case "step1":
        this.#asked = message.stateVector;
        if (!this.#isAnswering) void this.#answerAll();
        return;
      case "step2":
      case "update":
        this.#takeUpdate(message.kind, message.update);
        return;
      case "awareness":
        if (!this.#mayShow(this.document.awareness.receive(this, message.payload)))
          this.close(CLOSE.tooFast, "too much awareness");
        return;
      case "query-awareness": {
        const frame = this.document.awareness.frame();
        if (frame !== undefined) this.sendDroppable(frame);
        return;
      }
      case "ignored":
    }
  }

  /** Answers sync requests one at a time; of several that wait only the last is answered. */
  async #answerAll(): Promise<void> {
    this.#isAnswering = true;
    for (let asked = this.#asked; asked !== undefined && !this.#isClosed; asked = this.#asked) {
      this.#asked = undefined;
      await this.#answer(asked);
    }
    this.#isAnswering = false;
  }

  async #answer(stateVector: Uint8Array): Promise<void> {
    try {
      const frames = await answerSync(this.#parts, this.document, stateVector);
      const bytes = frames.reduce((sum, frame) => sum + frame.byteLength + FRAME_OVERHEAD_BYTES, 0);
      this.#unreadAllowance = Math.max(this.#unreadAllowance, bytes * 2 + this.#parts.limits.maxUnreadBytes);
      for (const frame of frames) this.send(frame);
    } catch (error) {
      if (error instanceof BadMessage) return this.close(CLOSE.badMessage, error.message);
      this.#parts.log.warn("collaboration.sync-failed", { error: error instanceof Error ? error.message : "unknown" });
      this.close(CLOSE.overloaded, "the document can't be read right now");
    }
  }

  /**
   * Stock clients answer our sync step 1 by themselves, so a viewer's sync answer is dropped unread; an update
   * message of a viewer is an attempt to write.
   */
  #takeUpdate(kind: "step2" | "update", update: Uint8Array): void {
    const number = this.#saved.receive();
    if (this.#role === "viewer") {
      if (kind === "update") this.close(CLOSE.rightsTaken, "viewers can't edit");
      return;
    }
    if (this.document.readOnlyReason !== null) return;
    const startMs = performance.now();
    const isAnswer = kind === "step2";
    const onDurable = (): void => {
      this.#saved.durable(number, isAnswer);
      this.#parts.acknowledge(this);
    };
    if (update.byteLength > INLINE_INSPECTION_BYTES) {
      this.#busy(() => this.#takeLarge(update, isAnswer, onDurable));
      return;
    }
    const inspection = inspectKeystroke(update) ?? inspectUpdate(update);
    const offered = { update, inspection, userId: this.userId, isAnswer };
    if (isAnswer && this.document.content.covers(offered.inspection.ranges)) {
      this.#busy(() => this.#takeKnown(offered, onDurable));
      return;
    }
    this.#weigh(offered, onDurable);
    if (number % MEASURED_EVERY === 0) this.#parts.relaySeconds.observe((performance.now() - startMs) / 1_000);
  }

  async #takeLarge(update: Uint8Array, isAnswer: boolean, onDurable: () => void): Promise<void> {
    try {
      const looked = await this.#parts.materialiser.run(
        "inspect",
        () => ({ update: update.slice() }),
        this.document.work,
      );
      if ("fault" in looked) this.close(CLOSE.badMessage, looked.fault);
      else await this.#takeTried({ update, inspection: looked.inspection, userId: this.userId, isAnswer }, onDurable);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Accepts an update; an expensive one is first applied in a worker, and later updates wait for it. */
  #weigh(offered: Offered, onDurable: () => void): void {
    if (isSurelyFine(this.document, offered)) this.#accept(offered, onDurable);
    else this.#busy(() => this.#takeTried(offered, onDurable));
  }

  async #takeTried(offered: Offered, onDurable: () => void): Promise<void> {
    try {
      const isFine = isSurelyFine(this.document, offered);
      const refusal = isFine ? undefined : await tryOut(this.#parts, this.document, offered);
      if (refusal === "too-large") this.close(CLOSE.tooLarge, "the document is full");
      else if (refusal === "too-slow") this.close(CLOSE.badMessage, "an update takes too long to apply");
      else this.#accept(offered, onDurable);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Accepts an inspected update, unless the role or the document changed meanwhile. */
  #accept(offered: Offered, onDurable: () => void): void {
    this.#access.whenKnown(() => {
      if (this.#isClosed || !this.#channel.isOpen || !this.mayEdit || this.document.readOnlyReason !== null) return;
      const verdict = checkUpdate(this.document, offered);
      if (verdict.kind === "refused") return this.close(CLOSE.badMessage, verdict.reason);
      if (verdict.kind === "known") return void this.#confirmKnown(onDurable);
      this.#onFirstEdit?.();
      this.#onFirstEdit = undefined;
      noteAccepted(this.document, { ...offered, inspection: verdict.inspection });
      this.document.accept(verdict.update, verdict.inspection, {
        userId: this.userId,
        participant: this,
        onDurable,
      });
    });
  }

  /** The sync answer of a returning client lists every deletion it knows: only the new part is logged and relayed. */
  async #takeKnown(offered: Offered, onDurable: () => void): Promise<void> {
    const { update, inspection } = offered;
    try {
      const adds =
        inspection.deletions.length > 0 &&
        (
          await this.#parts.materialiser.run(
            "adds",
            () => ({
              packed: this.document.content.packed(),
              update: update.slice(),
            }),
            this.document.work,
          )
        ).adds;
      if (adds) await this.#takeTried(offered, onDurable);
      else await this.#confirmKnown(onDurable);
    } catch (error) {
      this.#unconfirmed(error);
    }
  }

  /** The document already has the whole update, so it is durable as soon as all updates of the document are. */
  async #confirmKnown(onDurable: () => void): Promise<void> {
    try {
      await this.#parts.writer.flush();
      onDurable();
      this.sendSaved();
    } catch (error) {
      this.#unconfirmed(error);
    }
  }

  /**
   * Called when an update could not be checked. Later updates would lack it: the connection is closed, and the client sends all of them again.
   */
  #giveUp(error: unknown): void {
    this.#unconfirmed(error);
    this.close(CLOSE.overloaded, "the document can't be read right now");
  }

  /** Called when an update could not be logged. The client keeps unconfirmed updates and sends them again. */
  #unconfirmed(error: unknown): void {
    this.#parts.log.debug("collaboration.update-unconfirmed", {
      error: error instanceof Error ? error.message : "unknown",
    });
  }
}
