/** Relays awareness in a document: keeps the last value of each client, never stored. */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import type { Clock, Timer } from "#kernel/clock";
import { awarenessFrame, BadMessage } from "../connection/frames.ts";

/** The account of a connection. Others see it instead of the `user` that the client sent. */
export type PresenceUser = { readonly id: string; readonly name: string; readonly color: string };
/** A connection as awareness knows it. */
export type AwarenessSource = { readonly userId: string; readonly user: PresenceUser };

/** Bytes of one client's state. */
const MAX_AWARENESS_BYTES = 16 * 1024;
const COALESCE_MS = 100;
/** For this long after a client left, an echo of its last state by another client is ignored. */
const REMEMBER_MS = 60_000;
/** A message may name this many clients more than the known ones. */
const SPARE_STATES = 64;

type Value = { readonly clock: number; readonly state: string };
type Present = Value & { readonly source: AwarenessSource };

/** Thrown for a state above MAX_AWARENESS_BYTES; the connection closes with 4413. */
export class AwarenessTooLarge extends Error {
  override readonly name = "AwarenessTooLarge";
}

const encodeStates = (states: ReadonlyMap<number, Value>): Uint8Array =>
  awarenessFrame(
    encoding.encode((encoder) => {
      encoding.writeVarUint(encoder, states.size);
      for (const [clientId, { clock, state }] of states) {
        encoding.writeVarUint(encoder, clientId);
        encoding.writeVarUint(encoder, clock);
        encoding.writeVarString(encoder, state);
      }
    }),
  );

/** An empty message; stock clients disconnect when they receive nothing for 30 s. */
export const KEEP_ALIVE_FRAME: Uint8Array = encodeStates(new Map());

type Received = { readonly clientId: number; readonly clock: number; readonly stateBytes: Uint8Array };

/** Clients as a message names them, their states unread. @throws BadMessage */
function* received(payload: Uint8Array, mostStates: number): Generator<Received> {
  const decoder = decoding.createDecoder(payload);
  let left = decoding.readVarUint(decoder);
  if (left > mostStates) throw new BadMessage("more clients than there are");
  for (; left > 0; left -= 1) {
    const clientId = decoding.readVarUint(decoder);
    const clock = decoding.readVarUint(decoder);
    if (!Number.isSafeInteger(clientId) || !Number.isSafeInteger(clock)) throw new BadMessage("number out of range");
    yield { clientId, clock, stateBytes: decoding.readVarUint8Array(decoder) };
  }
  if (decoding.hasContent(decoder)) throw new BadMessage("trailing bytes after the awareness states");
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Returns the state with its sender's account as `user`. @throws BadMessage, AwarenessTooLarge */
const readState = (bytes: Uint8Array, user: PresenceUser): string => {
  if (bytes.byteLength > MAX_AWARENESS_BYTES) throw new AwarenessTooLarge();
  const state: unknown = JSON.parse(utf8.decode(bytes));
  if (state === null) return "null";
  if (typeof state !== "object" || Array.isArray(state)) throw new BadMessage("an awareness state is not an object");
  return JSON.stringify({ ...state, user: { id: user.id, name: user.name, color: user.color } });
};

/** One for each open document. `broadcast` gets a frame for every connection, droppable for slow ones. */
export class AwarenessRelay {
  readonly #clock: Clock;
  readonly #broadcast: (frame: Uint8Array) => void;
  readonly #mayClaim: (source: AwarenessSource, clientId: number) => boolean;
  readonly #present = new Map<number, Present>();
  /** A connection may send states for the first client id that it used, and for no other. */
  readonly #ownIds = new Map<AwarenessSource, number>();
  readonly #left = new Map<number, { clock: number; userId: string; untilMs: number }>();
  readonly #changed = new Map<number, Value>();
  #timer: Timer | undefined;
  #lastSentMs = Number.NEGATIVE_INFINITY;

  /** @param options.mayClaim whether the connection may take a client id that no connection has */
  constructor(options: {
    readonly clock: Clock;
    readonly broadcast: (frame: Uint8Array) => void;
    readonly mayClaim?: (source: AwarenessSource, clientId: number) => boolean;
  }) {
    this.#clock = options.clock;
    this.#broadcast = options.broadcast;
    this.#mayClaim = options.mayClaim ?? (() => true);
  }

  /**
   * Takes a message; states of other connections' clients are skipped unread.
   * @returns the bytes of states that others will get. @throws BadMessage, AwarenessTooLarge
   */
  receive(source: AwarenessSource, payload: Uint8Array): number {
    // Stock clients echo the states of all other clients, including those that left recently.
    const mostStates = SPARE_STATES + 2 * (this.#present.size + this.#left.size);
    let taken = 0;
    try {
      for (const { clientId, clock, stateBytes } of received(payload, mostStates)) {
        const own = this.#ownIds.get(source);
        if (own !== undefined && own !== clientId) continue;
        const value = { clock, state: readState(stateBytes, source.user) };
        if (!this.#maySpeakFor(source, clientId, value)) continue;
        taken += stateBytes.byteLength;
        if (value.state === "null") this.#remove(clientId, value.clock);
        else {
          this.#ownIds.set(source, clientId);
          this.#present.set(clientId, { ...value, source });
          this.#left.delete(clientId);
          this.#note(clientId, value);
        }
      }
    } catch (error) {
      if (error instanceof AwarenessTooLarge || error instanceof BadMessage) throw error;
      throw new BadMessage("not an awareness message", { cause: error });
    }
    return taken;
  }

  /** Removes the connection's client. Called when the connection has closed. */
  drop(source: AwarenessSource): void {
    const clientId = this.#ownIds.get(source);
    this.#ownIds.delete(source);
    const present = clientId === undefined ? undefined : this.#present.get(clientId);
    if (clientId !== undefined && present?.source === source) this.#remove(clientId, present.clock);
  }

  /** All present states in one frame; undefined without any. */
  frame(): Uint8Array | undefined {
    return this.#present.size === 0 ? undefined : encodeStates(this.#present);
  }

  close(): void {
    this.#timer?.cancel();
  }

  #maySpeakFor(source: AwarenessSource, clientId: number, value: Value): boolean {
    const own = this.#ownIds.get(source);
    if (own !== undefined && own !== clientId) return false;
    const present = this.#present.get(clientId);
    if (present !== undefined) {
      if (present.source === source) return value.clock > present.clock || value.state === "null";
      // After a reconnect the user's new connection takes the id over from the old one. Only a state newer than the last
      // one does this: an echo has the same clock.
      return own === undefined && present.source.userId === source.userId && value.clock > present.clock;
    }
    if (value.state === "null") return false;
    if (!this.#mayClaim(source, clientId)) return false;
    const left = this.#left.get(clientId);
    if (left === undefined || left.untilMs < this.#clock.now()) return true;
    return left.userId === source.userId || value.clock > left.clock;
  }

  #remove(clientId: number, clock: number): void {
    const present = this.#present.get(clientId);
    if (present === undefined) return;
    const nowMs = this.#clock.now();
    // Insertion order is the order of leaving, so the oldest come first.
    for (const [id, { untilMs }] of this.#left) {
      if (untilMs >= nowMs) break;
      this.#left.delete(id);
    }
    this.#present.delete(clientId);
    this.#left.delete(clientId);
    this.#left.set(clientId, { clock, userId: present.source.userId, untilMs: nowMs + REMEMBER_MS });
    this.#note(clientId, { clock, state: "null" });
  }

  #note(clientId: number, value: Value): void {
    this.#changed.set(clientId, value);
    if (this.#timer !== undefined) return;
    const waitMs = this.#lastSentMs + COALESCE_MS - this.#clock.monotonic();
    if (waitMs <= 0) this.#send();
    else this.#timer = this.#clock.after(waitMs, () => this.#send());
  }

  #send(): void {
    this.#timer = undefined;
    this.#lastSentMs = this.#clock.monotonic();
    const frame = encodeStates(this.#changed);
    this.#changed.clear();
    this.#broadcast(frame);
  }
}
