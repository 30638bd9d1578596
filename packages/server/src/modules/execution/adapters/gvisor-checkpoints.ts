/** Checkpoints of waiting sandboxes that no user's code has run in: later ones of the same kind begin as their copies. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A checkpoint in use: its files stay until `release`. */
export type HeldCheckpoint = { readonly folder: string; release(): void };

/** The checkpoints of one provider. */
export interface Checkpoints {
  /** Absent: there is none yet, or it has served long enough, and a sandbox has to boot. */
  hold(kind: string): HeldCheckpoint | undefined;
  /**
   * Lets `write` fill a folder where a checkpoint is wanted, and resolves with whether it did; not while another is being
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

type Checkpoint = { readonly folder: string; readonly bornMs: number; copies: number; holders: number };

/** `folder` is this object's own; `now` is a monotonic clock in milliseconds. */
export const createCheckpoints = (folder: string, now: () => number = () => performance.now()): Checkpoints => {
  const current = new Map<string, Checkpoint>();
  const writing = new Set<string>();
  const given = new Set<string>();

  const remove = (checkpoint: Checkpoint): void => rmSync(checkpoint.folder, { recursive: true, force: true });
  const retire = (kind: string): void => {
    const checkpoint = current.get(kind);
    current.delete(kind);
    if (checkpoint !== undefined && checkpoint.holders === 0) remove(checkpoint);
  };
  const isCurrent = (checkpoint: Checkpoint): boolean => [...current.values()].includes(checkpoint);

  return {
    hold(kind) {
      const checkpoint = current.get(kind);
      if (checkpoint === undefined) return undefined;
      const isThere = existsSync(checkpoint.folder);
      if (!isThere || checkpoint.copies >= copiesMaximum || now() - checkpoint.bornMs > ageMaximumMs) {
        retire(kind);
        return undefined;
      }
      checkpoint.copies += 1;
      checkpoint.holders += 1;
      return {
        folder: checkpoint.folder,
        release() {
          checkpoint.holders -= 1;
          if (checkpoint.holders === 0 && !isCurrent(checkpoint)) remove(checkpoint);
        },
      };
    },
    async renew(kind, write) {
      if (given.has(kind) || current.has(kind) || writing.has(kind)) return false;
      const name = randomBytes(8).toString("hex");
      const checkpoint = { folder: join(folder, name), bornMs: now(), copies: 0, holders: 0 };
      writing.add(kind);
      try {
        mkdirSync(checkpoint.folder, { recursive: true, mode: 0o700 });
        await write(checkpoint.folder);
        current.set(kind, checkpoint);
        return true;
      } catch (error) {
        given.add(kind);
        remove(checkpoint);
        throw error;
      } finally {
        writing.delete(kind);
      }
    },
    giveUp(kind) {
      given.add(kind);
      retire(kind);
    },
    clear() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
