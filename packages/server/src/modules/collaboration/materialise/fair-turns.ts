/**
 * The queue of waiting work, by account, project and document. Accounts take turns by the CPU that their work has used, and so do the
 * projects of an account (start-time fair queueing): an account with many projects, or many or slow documents, delays others by no more
 * than the running piece. The documents of a project take turns.
 */

/** The account, project and document of a piece of work. */
export type WorkOf = {
  /** The account that owns the project: the CPU is accounted to it, not to the connected users. */
  readonly ownerId: string;
  readonly projectId: string;
  /** Empty for work of the project that concerns no document. */
  readonly fileId: string;
};

/** Equal for all pieces of one document. */
export const documentKey = ({ projectId, fileId }: WorkOf): string => `${projectId}/${fileId}`;

export type Waiting = { readonly of: WorkOf };

export type FairTurns<Piece extends Waiting> = {
  add(piece: Piece): void;
  /** Takes the next piece; its document goes to the end of its project's queue. */
  take(): Piece | undefined;
  /** Takes all pieces of one document. */
  takeAll(of: WorkOf): readonly Piece[];
  /** Accounts CPU time that work has used. */
  charge(of: WorkOf, cpuMs: number): void;
  readonly isEmpty: boolean;
};

/** Above this number, keys that have used no more than the others are dropped. */
const MAX_REMEMBERED = 1_000;

/** The usage of each key; a key that had no work starts with the usage of the key that was served last. */
type Shares = {
  /** Returns the key with the lowest usage, of equal ones the first, and counts it as served. */
  next(keys: Iterable<string>): string | undefined;
  charge(key: string, cpuMs: number): void;
};

const createShares = (): Shares => {
  const usedMs = new Map<string, number>();
  let servedMs = 0;
  const startOf = (key: string): number => Math.max(servedMs, usedMs.get(key) ?? 0);
  return {
    next(keys) {
      let next: string | undefined;
      for (const key of keys) if (next === undefined || startOf(key) < startOf(next)) next = key;
      if (next !== undefined) servedMs = startOf(next);
      return next;
    },
    charge(key, cpuMs) {
      usedMs.set(key, startOf(key) + cpuMs);
      if (usedMs.size <= MAX_REMEMBERED) return;
      for (const [other, ms] of usedMs) if (ms <= servedMs) usedMs.delete(other);
    },
  };
};

/** Waiting pieces by project and document. */
type Projects<Piece> = Map<string, Map<string, Piece[]>>;

const getOrMake = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
};

/** Moves a served key behind the others: of keys with equal usage the one that has waited longest is served. */
const moveToEnd = <K, V>(map: Map<K, V>, key: K, value: V): void => {
  map.delete(key);
  map.set(key, value);
};

export const createFairTurns = <Piece extends Waiting>(): FairTurns<Piece> => {
  const accounts = new Map<string, Projects<Piece>>();
  const accountShares = createShares();
  const projectShares = new Map<string, Shares>();
  const sharesOf = (ownerId: string): Shares => getOrMake(projectShares, ownerId, createShares);

  const forgetIdle = (): void => {
    if (projectShares.size <= MAX_REMEMBERED) return;
    for (const ownerId of projectShares.keys()) if (!accounts.has(ownerId)) projectShares.delete(ownerId);
  };

  /** Removes the queue of the document if it is empty, then those of its project and account. */
  const tidy = ({ ownerId, projectId, fileId }: WorkOf): void => {
    const projects = accounts.get(ownerId);
    const documents = projects?.get(projectId);
    if (documents?.get(fileId)?.length === 0) documents.delete(fileId);
    if (documents?.size === 0) projects?.delete(projectId);
    if (projects?.size === 0) accounts.delete(ownerId);
  };

  return {
    add(piece) {
      const { ownerId, projectId, fileId } = piece.of;
      const projects = getOrMake(accounts, ownerId, (): Projects<Piece> => new Map());
      const documents = getOrMake(projects, projectId, () => new Map<string, Piece[]>());
      getOrMake(documents, fileId, (): Piece[] => []).push(piece);
    },
    take() {
      const ownerId = accountShares.next(accounts.keys());
      const projects = ownerId === undefined ? undefined : accounts.get(ownerId);
      if (ownerId === undefined || projects === undefined) return undefined;
      const projectId = sharesOf(ownerId).next(projects.keys());
      const documents = projectId === undefined ? undefined : projects.get(projectId);
      if (projectId === undefined || documents === undefined) return undefined;
      moveToEnd(accounts, ownerId, projects);
      moveToEnd(projects, projectId, documents);
      for (const [fileId, pieces] of documents) {
        const piece = pieces.shift();
        moveToEnd(documents, fileId, pieces);
        tidy({ ownerId, projectId, fileId });
        return piece;
      }
      return undefined;
    },
    takeAll(of) {
      const pieces = accounts.get(of.ownerId)?.get(of.projectId)?.get(of.fileId)?.splice(0) ?? [];
      tidy(of);
      return pieces;
    },
    charge({ ownerId, projectId }, cpuMs) {
      accountShares.charge(ownerId, cpuMs);
      sharesOf(ownerId).charge(projectId, cpuMs);
      forgetIdle();
    },
    get isEmpty() {
      return accounts.size === 0;
    },
  };
};
