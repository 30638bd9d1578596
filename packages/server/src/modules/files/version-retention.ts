/** The versions of a file that are kept: all of a day, then one per ten minutes for 30 days, then one per day. */

export type VersionAge = { readonly version: number; readonly atMs: number };

const DAY_MS = 24 * 3600 * 1000;
/** Until this age every version is kept. */
export const KEEP_ALL_MS = DAY_MS;
const KEEP_FINE_MS = 30 * DAY_MS;
/** A day is a whole number of these, so that what the finer rule keeps is enough for the coarser one. */
const FINE_MS = 10 * 60_000;

const windowOf = (atMs: number, ageMs: number): string | undefined => {
  if (ageMs <= KEEP_ALL_MS) return undefined;
  if (ageMs <= KEEP_FINE_MS) return `fine ${Math.floor(atMs / FINE_MS)}`;
  return `day ${Math.floor(atMs / DAY_MS)}`;
};

/**
 * The versions to remove: the last one of each window and the newest of all are kept. The caller excludes versions that are referred to.
 */
export const versionsToThin = (versions: readonly VersionAge[], nowMs: number): number[] => {
  const newestFirst = versions.toSorted((a, b) => b.version - a.version);
  const taken = new Set<string>();
  const gone: number[] = [];
  for (const [index, { version, atMs }] of newestFirst.entries()) {
    const window = windowOf(atMs, nowMs - atMs);
    if (window === undefined) continue;
    if (index > 0 && taken.has(window)) gone.push(version);
    taken.add(window);
  }
  return gone;
};
