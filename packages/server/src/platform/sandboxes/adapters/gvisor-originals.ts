/** Originals: sandboxes saved while they waited and no user's code had run in them. Later ones of the same kind begin as their copies. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** An original in use: its files stay until `release`. */
export type OriginalReference = { readonly folder: string; release(): void };

/** The originals of one provider. */
export interface Originals {
  /** Absent: there is none yet, or it has served long enough, and a sandbox has to boot. */
  acquire(kind: string): OriginalReference | undefined;
  /**
   * Lets `write` fill a folder where an original is wanted, and resolves with whether it did; not while another is being
   * written. Rejects as `write` does.
   */
  renew(kind: string, write: (folder: string) => Promise<void>): Promise<boolean>;
  /** A copy of it failed: the kind boots afresh from now on. */
  giveUp(kind: string): void;
  /** Removes the files of all, also of those that a killed server left. */
  clear(): void;
}

/**
 * Copies share the addresses and the hash seeds of their original (not its random generators, which they renew). What one
 * user learns of them tells something about at most so many other sandboxes, for so long.
 */
export const copiesMaximum = 256;
export const ageMaximumMs = 30 * 60_000;

type Original = { readonly folder: string; readonly bornMs: number; copies: number; references: number };

/** `folder` is this object's own; `now` is a monotonic clock in milliseconds. */
export const createOriginals = (folder: string, now: () => number = () => performance.now()): Originals => {
  const current = new Map<string, Original>();
  const writing = new Set<string>();
  const givenUp = new Set<string>();

  const remove = (original: Original): void => rmSync(original.folder, { recursive: true, force: true });
  const retire = (kind: string): void => {
    const original = current.get(kind);
    current.delete(kind);
    if (original !== undefined && original.references === 0) remove(original);
  };

  return {
    acquire(kind) {
      const original = current.get(kind);
      if (original === undefined) return undefined;
      const isThere = existsSync(original.folder);
      if (!isThere || original.copies >= copiesMaximum || now() - original.bornMs > ageMaximumMs) {
        retire(kind);
        return undefined;
      }
      original.copies += 1;
      original.references += 1;
      return {
        folder: original.folder,
        release() {
          original.references -= 1;
          if (original.references === 0 && current.get(kind) !== original) remove(original);
        },
      };
    },
    async renew(kind, write) {
      if (givenUp.has(kind) || current.has(kind) || writing.has(kind)) return false;
      const name = randomBytes(8).toString("hex");
      const original = { folder: join(folder, name), bornMs: now(), copies: 0, references: 0 };
      writing.add(kind);
      try {
        mkdirSync(original.folder, { recursive: true, mode: 0o700 });
        await write(original.folder);
        current.set(kind, original);
        return true;
      } catch (error) {
        givenUp.add(kind);
        remove(original);
        throw error;
      } finally {
        writing.delete(kind);
      }
    },
    giveUp(kind) {
      givenUp.add(kind);
      retire(kind);
    },
    clear() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
