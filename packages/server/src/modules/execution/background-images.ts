/** Builds images ahead of their first use, one after the other, while nobody waits for another. */
import type { Clock, Timer } from "#kernel/clock";
import type { Log } from "#kernel/log";
import { type ImageBuilds, ImageBuildFailed } from "#platform/sandboxes/images";

export type BackgroundImagesOptions = {
  readonly builds: Pick<ImageBuilds, "build">;
  /** The images to build, in this order; asked before each build. */
  readonly wanted: () => Promise<readonly string[]>;
  /** An image has been built. */
  readonly onBuilt: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
};

/** Nothing is built in the first minute of a server, which people use to look at it. */
export const FIRST_BUILD_AFTER_MS = 60_000;
/** After a failure, which is most often that there is no network. */
export const RETRY_AFTER_MS = 3_600_000;

export interface BackgroundImages {
  start(): void;
  stop(): void;
}

export const createBackgroundImages = ({
  builds,
  wanted,
  onBuilt,
  clock,
  log,
}: BackgroundImagesOptions): BackgroundImages => {
  const stopping = new AbortController();
  const failed = new Set<string>();
  let timer: Timer | undefined;

  const work = async (): Promise<void> => {
    const id = (await wanted()).find((image) => !failed.has(image));
    if (stopping.signal.aborted) return;
    if (id === undefined) {
      failed.clear();
      timer = clock.after(RETRY_AFTER_MS, () => void work());
      return;
    }
    try {
      await builds.build(id, { signal: stopping.signal, progress: () => undefined, background: true });
      await onBuilt();
      void work();
    } catch (error) {
      if (stopping.signal.aborted) return;
      // The build has logged its own failure.
      if (!(error instanceof ImageBuildFailed)) log.error("image.background-failed", { image: id, error });
      failed.add(id);
      // One that can't be built does not keep the others from being built; when several in a row fail, the cause is not theirs.
      timer = clock.after(failed.size > 1 ? RETRY_AFTER_MS : FIRST_BUILD_AFTER_MS, () => void work());
    }
  };

  return {
    start() {
      timer = clock.after(FIRST_BUILD_AFTER_MS, () => void work());
    },
    stop() {
      stopping.abort(new Error("the server is stopping"));
      timer?.cancel();
    },
  };
};
