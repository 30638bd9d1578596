/** Who is where in a document: the last awareness value of each client, passed on unread, never stored. */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import type { Clock, Timer } from "#kernel/clock";
import { awarenessFrame, BadMessage } from "./frames.ts";

/** A connection as awareness knows it. */
export type AwarenessSource = { readonly userId: string };

/** Bytes of one client's state. */
export const MAX_AWARENESS_BYTES = 16 * 1024;
const COALESCE_MS = 100;
/** A client that left is remembered this long, so that an echo of its last state does not bring it back. */
const REMEMBER_MS = 60_000;

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

/** Says nothing; stock clients need to hear something every 30 s. */
export const KEEP_ALIVE_FRAME: Uint8Array = encodeStates(new Map());

/** @throws BadMessage, AwarenessTooLarge */
const decodeStates = (payload: Uint8Array): Map<number, Value> => {
  const states = new Map<number, Value>();
  try {
    const decoder = decoding.createDecoder(payload);
    for (let left = decoding.readVarUint(decoder); left > 0; left -= 1) {
      const clientId = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      const state = decoding.readVarString(decoder);
      if (state.length > MAX_AWARENESS_BYTES) throw new AwarenessTooLarge();
      // Others parse it as JSON without a guard.
      JSON.parse(state);
      states.set(clientId, { clock, state });
    }
  } catch (error) {
    if (error instanceof AwarenessTooLarge) throw error;
    throw new BadMessage("not an awareness message", { cause: error });
  }
  return states;
};

/** One for each open document. `broadcast` gets a frame for every connection, droppable for slow ones. */
export class AwarenessRelay {
  readonly #clock: Clock;
  readonly #broadcast: (frame: Uint8Array) => void;
  readonly #present = new Map<number, Present>();
  /** A connection speaks for the first client id that it brings, and for no other. */
  readonly #ownIds = new Map<AwarenessSource, number>();
  readonly #left = new Map<number, { clock: number; userId: string; untilMs: number }>();
  readonly #changed = new Map<number, Value>();
  #timer: Timer | undefined;
  #lastSentMs = Number.NEGATIVE_INFINITY;

  constructor(options: { readonly clock: Clock; readonly broadcast: (frame: Uint8Array) => void }) {
    this.#clock = options.clock;
    this.#broadcast = options.broadcast;
  }

  /** Takes a message; what concerns other connections' clients is left aside. @throws BadMessage, AwarenessTooLarge */
  receive(source: AwarenessSource, payload: Uint8Array): void {
    const states = decodeStates(payload);
    for (const [clientId, value] of states) {
      if (!this.#maySpeakFor(source, clientId, value)) continue;
      if (value.state === "null") this.#remove(clientId, value.clock);
      else {
        this.#ownIds.set(source, clientId);
        this.#present.set(clientId, { ...value, source });
        this.#left.delete(clientId);
        this.#note(clientId, value);
      }
    }
  }

  /** The connection is gone, and its client with it. */
  drop(source: AwarenessSource): void {
    const clientId = this.#ownIds.get(source);
    this.#ownIds.delete(source);
    const present = clientId === undefined ? undefined : this.#present.get(clientId);
    if (clientId !== undefined && present?.source === source) this.#remove(clientId, present.clock);
  }

  /** All present states; undefined: nobody. */
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
      // The same person's new connection takes over from one that is dying; a mere echo does not.
      return own === undefined && present.source.userId === source.userId && value.clock > present.clock;
    }
    if (value.state === "null") return false;
    const left = this.#left.get(clientId);
    if (left === undefined || left.untilMs < this.#clock.now()) return true;
    return left.userId === source.userId || value.clock > left.clock;
  }

  #remove(clientId: number, clock: number): void {
    const present = this.#present.get(clientId);
    if (present === undefined) return;
    const nowMs = this.#clock.now();
    for (const [id, { untilMs }] of this.#left) if (untilMs < nowMs) this.#left.delete(id);
    this.#present.delete(clientId);
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
