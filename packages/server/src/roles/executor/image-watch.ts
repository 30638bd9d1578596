/** Notices that the base image was built after a start without it: isolation is chosen at a start, so it says what to do. */
import type { Clock, Timer } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";

const LOOK_EVERY_MS = 5_000;

export type ImageWatch = Component & {
  /** The image is there by now, and this process can't use it. */ readonly hasAppeared: boolean;
};

export const createImageWatch = (needs: {
  /** True once the image is built; undefined: there is no need to watch. */
  readonly isBuilt: (() => Promise<boolean>) | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Says a line to whoever started the server. */
  readonly tell: (line: string) => void;
}): ImageWatch => {
  let timer: Timer | undefined;
  let looking: Promise<void> = Promise.resolve();
  let isStopped = false;
  let hasAppeared = false;

  const look = async (): Promise<void> => {
    // An unreadable image is the business of those who build it.
    if ((await needs.isBuilt?.().catch(() => false)) === true) {
      hasAppeared = true;
      needs.log.warn("sandbox.image-appeared", {
        action: "restart the server: it chooses the isolation when it starts",
      });
      needs.tell("The base image is built now. Start the server again, and programs can run.");
    } else if (!isStopped) schedule();
  };
  const schedule = (): void => {
    timer = needs.clock.after(LOOK_EVERY_MS, () => {
      looking = look();
    });
  };

  return {
    name: "image watch",
    get hasAppeared() {
      return hasAppeared;
    },
    async start() {
      if (needs.isBuilt !== undefined) schedule();
    },
    async [Symbol.asyncDispose]() {
      isStopped = true;
      timer?.cancel();
      await looking;
    },
  };
};
