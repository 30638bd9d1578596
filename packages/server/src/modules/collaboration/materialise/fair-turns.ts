/**
 * Work that waits, by project and document. Projects take turns by the CPU that their work has used (start-time fair queueing), so that one
 * with many or slow documents delays the others by no more than its piece under way; the documents of a project take turns.
 */

/** Documents are named `<project>/<document>`; work of no document has the empty name and counts as a project's. */
export type Waiting = { readonly key: string };

export type FairTurns<Piece extends Waiting> = {
  add(piece: Piece): void;
  /** Takes the next piece; its document goes to the end of its project's queue. */
  take(): Piece | undefined;
  /** Takes all pieces of one document. */
  takeAll(key: string): readonly Piece[];
  /** Accounts CPU time that work on a document has used to its project. */
  charge(key: string, cpuMs: number): void;
  readonly isEmpty: boolean;
};

/** Number of projects beyond which those that have nothing ahead of the others are forgotten. */
const MAX_REMEMBERED = 1_000;

const projectOf = (key: string): string => key.slice(0, Math.max(0, key.indexOf("/")));

export const createFairTurns = <Piece extends Waiting>(): FairTurns<Piece> => {
  const projects = new Map<string, Map<string, Piece[]>>();
  /** What each project has used, in ms; a project that had no work starts with what the last served one had. */
  const usedMs = new Map<string, number>();
  let servedMs = 0;
  const startOf = (project: string): number => Math.max(servedMs, usedMs.get(project) ?? 0);

  const remove = (project: string, key: string): readonly Piece[] => {
    const documents = projects.get(project);
    const own = documents?.get(key) ?? [];
    documents?.delete(key);
    if (documents?.size === 0) projects.delete(project);
    return own;
  };

  return {
    add(piece) {
      const project = projectOf(piece.key);
      const documents = projects.get(project) ?? new Map<string, Piece[]>();
      projects.set(project, documents);
      const own = documents.get(piece.key);
      if (own === undefined) documents.set(piece.key, [piece]);
      else own.push(piece);
    },
    take() {
      let next: string | undefined;
      for (const project of projects.keys()) if (next === undefined || startOf(project) < startOf(next)) next = project;
      if (next === undefined) return undefined;
      servedMs = startOf(next);
      const documents = projects.get(next) ?? new Map<string, Piece[]>();
      // Of projects that have used the same the one that waits longest is served.
      projects.delete(next);
      for (const [key, [piece, ...rest]] of documents) {
        documents.delete(key);
        if (rest.length > 0) documents.set(key, rest);
        if (documents.size > 0) projects.set(next, documents);
        return piece;
      }
      return undefined;
    },
    takeAll: (key) => remove(projectOf(key), key),
    charge(key, cpuMs) {
      const project = projectOf(key);
      usedMs.set(project, startOf(project) + cpuMs);
      if (usedMs.size <= MAX_REMEMBERED) return;
      for (const [other, ms] of usedMs) if (ms <= servedMs) usedMs.delete(other);
    },
    get isEmpty() {
      return projects.size === 0;
    },
  };
};
