/** Which user owns which Yjs client id of a document: a live id may be continued only by its own user's connections. */
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
  readonly #leftMs = new Map<string, number>();

  /** @param options.isPresent whether the user has a connection to the document */
  constructor(options: { readonly clock: Clock; readonly isPresent: (userId: string) => boolean }) {
    this.#clock = options.clock;
    this.#isPresent = options.isPresent;
  }

  /** Whether the id belongs to another user who is present, or left a moment ago. */
  isForeign(clientId: number, userId: string): boolean {
    const owner = this.#owners.get(clientId);
    if (owner === undefined || owner === userId) return false;
    const leftMs = this.#leftMs.get(owner) ?? Number.NEGATIVE_INFINITY;
    return this.#isPresent(owner) || this.#clock.monotonic() - leftMs < GRACE_MS;
  }

  /** Gives the id to a user, unless it belongs to another one. */
  claim(clientId: number, userId: string): void {
    if (this.isForeign(clientId, userId)) return;
    this.#owners.delete(clientId);
    this.#owners.set(clientId, userId);
    if (this.#owners.size > MAX_IDS) for (const oldest of this.#owners.keys()) return void this.#owners.delete(oldest);
  }

  /** Called when one of the user's connections closed. */
  left(userId: string): void {
    this.#leftMs.delete(userId);
    this.#leftMs.set(userId, this.#clock.monotonic());
    if (this.#leftMs.size > MAX_LEFT) for (const oldest of this.#leftMs.keys()) return void this.#leftMs.delete(oldest);
  }
}
