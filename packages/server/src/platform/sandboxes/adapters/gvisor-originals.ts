/** Originals: sandboxes that were saved while they waited, before any user's code ran. Later ones of the same kind are restored from them. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** An original in use: its files stay until `release`. */
export type OriginalReference = { readonly folder: string; release(): void };

/** The originals of one provider. */
export interface Originals {
  /** @returns undefined when there is none yet, or its limits are reached: then a sandbox has to boot */
  acquire(kind: string): OriginalReference | undefined;
  /**
   * Calls `write` with a folder when an original is needed and no other one is being written. Resolves with whether it did. Rejects as
   * `write` does.
   */
  renew(kind: string, write: (folder: string) => Promise<void>): Promise<boolean>;
  /** Called when a copy failed: sandboxes of this kind boot from now on. */
  giveUp(kind: string): void;
  /** Removes the files of all originals, also of those of a killed server. */
  clear(): void;
}

/**
 * Copies share the addresses and the hash seeds of their original (not its random generators, which they renew). The limits bound the
 * number of other sandboxes, and the time, for which a user's knowledge of these values is valid.
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
