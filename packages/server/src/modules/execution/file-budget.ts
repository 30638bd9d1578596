/** The memory budget for the files of executions that have not ended: memory is reserved before a file is read. */
import { queueFull } from "./errors.ts";

/** Memory that is reserved for one program's files. */
export type FileReservation = {
  /** From now on the files have this many bytes. @throws Problem execution/queue-full when too little is left. */
  resize(bytes: number): void;
  release(): void;
};

export interface FileBudget {
  /** @throws Problem execution/queue-full */
  reserve(userId: string, bytes: number): FileReservation;
}

/** Programs up to this size are small: the last part of the memory is reserved for them. */
export const SMALL_PROGRAM_BYTES = 1_048_576;

export type FileBudgetLimits = {
  readonly totalBytes: number;
  /** Limit on one user's programs that are not small. */
  readonly userBytes: number;
  /** A part of `totalBytes` that only small programs get. */
  readonly smallBytes: number;
};

const MIB = 1_048_576;
const FILE_BUDGET: FileBudgetLimits = { totalBytes: 512 * MIB, userBytes: 256 * MIB, smallBytes: 128 * MIB };

const RETRY_AFTER_SECONDS = 5;

export const createFileBudget = (limits: FileBudgetLimits = FILE_BUDGET): FileBudget => {
  const users = new Map<string, number>();
  let total = 0;

  const add = (userId: string, bytes: number): void => {
    total += bytes;
    const own = (users.get(userId) ?? 0) + bytes;
    if (own > 0) users.set(userId, own);
    else users.delete(userId);
  };
  /** A program larger than the whole budget runs alone: how large one may be is another setting. */
  const check = (userId: string, { bytes, before }: { bytes: number; before: number }): void => {
    const isSmall = bytes <= SMALL_PROGRAM_BYTES;
    const own = (users.get(userId) ?? 0) - before;
    if (!isSmall && own > 0 && own + bytes > limits.userBytes)
      throw queueFull(
        "Your large programs use all the memory that you may use. One of them has to end.",
        RETRY_AFTER_SECONDS,
      );
    const others = total - before;
    if (others > 0 && others + bytes > limits.totalBytes - (isSmall ? 0 : limits.smallBytes))
      throw queueFull("Too many large programs are waiting or running.", RETRY_AFTER_SECONDS);
  };

  return {
    reserve(userId, bytes) {
      check(userId, { bytes, before: 0 });
      add(userId, bytes);
      let reserved = bytes;
      let isReleased = false;
      return {
        resize(next) {
          if (isReleased || next === reserved) return;
          if (next > reserved) check(userId, { bytes: next, before: reserved });
          add(userId, next - reserved);
          reserved = next;
        },
        release() {
          if (isReleased) return;
          isReleased = true;
          add(userId, -reserved);
        },
      };
    },
  };
};
