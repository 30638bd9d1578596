/** Whose Yjs client ids are in use: a live id is continued by its own user's connections only. */
import type { Clock } from "#kernel/clock";

/** A user that left may come back with the same ids for so long, before anybody else may continue them. */
const GRACE_MS = 60_000;
const MAX_IDS = 10_000;
const MAX_LEFT = 1_000;

export class ClientOwners {
  readonly #clock: Clock;
  readonly #isPresent: (userId: string) => boolean;
  /** In the order of their last use. */
  readonly #owners = new Map<number, string>();
  readonly #leftMs = new Map<string, number>();

  /** @param options.isPresent whether the user has a connection to the document */
  constructor(options: { readonly clock: Clock; readonly isPresent: (userId: string) => boolean }) {
    this.#clock = options.clock;
    this.#isPresent = options.isPresent;
  }

  /** The id belongs to another user who is here, or left a moment ago. */
  isForeign(clientId: number, userId: string): boolean {
    const owner = this.#owners.get(clientId);
    if (owner === undefined || owner === userId) return false;
    const leftMs = this.#leftMs.get(owner) ?? Number.NEGATIVE_INFINITY;
    return this.#isPresent(owner) || this.#clock.monotonic() - leftMs < GRACE_MS;
  }

  /** Gives the id to a user, unless it is somebody else's. */
  claim(clientId: number, userId: string): void {
    if (this.isForeign(clientId, userId)) return;
    this.#owners.delete(clientId);
    this.#owners.set(clientId, userId);
    if (this.#owners.size > MAX_IDS) for (const oldest of this.#owners.keys()) return void this.#owners.delete(oldest);
  }

  /** One of the user's connections closed. */
  left(userId: string): void {
    this.#leftMs.delete(userId);
    this.#leftMs.set(userId, this.#clock.monotonic());
    if (this.#leftMs.size > MAX_LEFT) for (const oldest of this.#leftMs.keys()) return void this.#leftMs.delete(oldest);
  }
}
