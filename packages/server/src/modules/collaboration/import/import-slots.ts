/** How many imports may be under way, so that neither the disk nor the processor is anybody's alone. */
import { Problem } from "#kernel/problem";

export type ImportSlot = {
  /** Counts bytes on the disk until the slot is released. @throws Problem server/unavailable when all imports together have too many */
  spooled(bytes: number): void;
  release(): void;
};

export type ImportSlotLimits = { readonly perUser: number; readonly inTotal: number; readonly spooledBytes: number };

export type ImportSlots = {
  /** @throws Problem request/rate-limited for the user's own, server/unavailable for all together */
  enter(userId: string): ImportSlot;
};

const tooMany = (): Problem =>
  new Problem("server/unavailable", "Too many imports are under way.", { retryAfterSeconds: 5 });

export const createImportSlots = (limits: ImportSlotLimits): ImportSlots => {
  const users = new Map<string, number>();
  let total = 0;
  let onDisk = 0;
  return {
    enter(userId) {
      const own = users.get(userId) ?? 0;
      if (own >= limits.perUser)
        throw new Problem("request/rate-limited", `You have ${own} imports under way.`, { retryAfterSeconds: 5 });
      if (total >= limits.inTotal) throw tooMany();
      users.set(userId, own + 1);
      total++;
      let spooled = 0;
      return {
        spooled(bytes) {
          if (onDisk + bytes > limits.spooledBytes) throw tooMany();
          spooled += bytes;
          onDisk += bytes;
        },
        release() {
          total--;
          onDisk -= spooled;
          const left = (users.get(userId) ?? 1) - 1;
          if (left > 0) users.set(userId, left);
          else users.delete(userId);
        },
      };
    },
  };
};
