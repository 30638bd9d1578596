/** The actor of a sign-in, cached for half a minute so that not every request queries the database. */
import type { Actor } from "#kernel/actor";
import type { Clock } from "#kernel/clock";

const REMEMBER_MS = 30_000;
const MAX_REMEMBERED = 20_000;

export type Actors = {
  /** undefined: the sign-in has ended, or its account is disabled. */
  get(signInId: string): Promise<Actor | undefined>;
  forgetSignIn(signInId: string): void;
  forgetUser(userId: string): void;
};

type Entry = { readonly actor: Promise<Actor | undefined>; readonly untilMs: number; userId?: string };

export const createActors = (clock: Clock, load: (signInId: string) => Promise<Actor | undefined>): Actors => {
  const entries = new Map<string, Entry>();
  return {
    get(signInId) {
      const known = entries.get(signInId);
      if (known !== undefined && clock.now() < known.untilMs) return known.actor;
      const entry: Entry = { actor: load(signInId), untilMs: clock.now() + REMEMBER_MS };
      const forget = (): void => {
        if (entries.get(signInId) === entry) entries.delete(signInId);
      };
      entry.actor.then((actor) => {
        if (actor === undefined) forget();
        else entry.userId = actor.userId;
      }, forget);
      entries.delete(signInId);
      entries.set(signInId, entry);
      const oldest = entries.size > MAX_REMEMBERED ? entries.keys().next() : undefined;
      if (oldest?.done === false) entries.delete(oldest.value);
      return entry.actor;
    },
    forgetSignIn: (signInId) => void entries.delete(signInId),
    forgetUser(userId) {
      for (const [signInId, entry] of entries) if (entry.userId === userId) entries.delete(signInId);
    },
  };
};
