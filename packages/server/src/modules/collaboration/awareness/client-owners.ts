/** Which user owns which Yjs client id of a document: a live id may be continued only by its own user's connections. */
import type { Actor } from "#kernel/actor";
import type { Clock } from "#kernel/clock";

/** After a user has left, others may continue the user's ids only after this time, so that the user can reconnect with them. */
const GRACE_MS = 60_000;
const MAX_IDS = 10_000;
const MAX_LEFT = 1_000;

export class ClientOwners {
  readonly #clock: Clock;
  readonly #isPresent: (userId: string) => boolean;
  /** Client id to user, in the order of their last use. */
  readonly #owners = new Map<number, string>();
  /** User to the time (monotonic, ms) at which each of its sign-ins left last. */
  readonly #left = new Map<string, Map<string, number>>();

  /** @param options.isPresent whether the user has a connection to the document */
  constructor(options: { readonly clock: Clock; readonly isPresent: (userId: string) => boolean }) {
    this.#clock = options.clock;
    this.#isPresent = options.isPresent;
  }

  /** Whether the id belongs to another user who is connected, or whose GRACE_MS have not passed. */
  isForeign(clientId: number, userId: string): boolean {
    const owner = this.#owners.get(clientId);
    if (owner === undefined || owner === userId) return false;
    if (this.#isPresent(owner)) return true;
    const nowMs = this.#clock.monotonic();
    return [...(this.#left.get(owner)?.values() ?? [])].some((leftMs) => nowMs - leftMs < GRACE_MS);
  }

  /** Gives the id to a user, unless it belongs to another one. */
  claim(clientId: number, userId: string): void {
    if (this.isForeign(clientId, userId)) return;
    this.#owners.delete(clientId);
    this.#owners.set(clientId, userId);
    if (this.#owners.size > MAX_IDS) for (const oldest of this.#owners.keys()) return void this.#owners.delete(oldest);
  }

  /** Called when one of the user's connections closed. */
  left({ userId, signInId }: Pick<Actor, "userId" | "signInId">): void {
    const nowMs = this.#clock.monotonic();
    const signIns = new Map([...(this.#left.get(userId) ?? [])].filter(([, leftMs]) => nowMs - leftMs < GRACE_MS));
    this.#left.delete(userId);
    this.#left.set(userId, signIns.set(signInId, nowMs));
    if (this.#left.size > MAX_LEFT) for (const oldest of this.#left.keys()) return void this.#left.delete(oldest);
  }

  /** Drops what the sign-in reserved: its user cannot reconnect with it, and the device may send its edits as another user. */
  signInEnded(signInId: string): void {
    for (const signIns of this.#left.values()) signIns.delete(signInId);
  }
}
