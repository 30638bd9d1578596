/**
 * Builds images on demand and in the background, one at a time: whoever wants an image joins its build, and a build that somebody waits
 * for goes before those that nobody waits for.
 */
import type { Log } from "#kernel/log";

/** How far a build is: 0 to 100, and what it does now. */
export type ImageProgress = { readonly percent: number; readonly step: string };

/** A build that runs. `done` rejects with ImageBuildFailed; after `stop` it rejects once the build has ended. */
export type RunningBuild = { readonly done: Promise<void>; stop(): void };

/** Starts the build of one image. */
export type StartBuild = (id: string, progress: (now: ImageProgress) => void) => RunningBuild;

/** The reason is written for an operator. */
export class ImageBuildFailed extends Error {
  override readonly name = "ImageBuildFailed";
}

export type ImageWant = {
  readonly signal: AbortSignal;
  readonly progress: (now: ImageProgress) => void;
  /** Nobody waits for it: the build makes way for others, and is begun again after them. */
  readonly background?: boolean;
};

export interface ImageBuilds {
  /**
   * Builds an image, or joins its build. The build ends when every caller's signal has aborted: what it has downloaded is kept.
   * @throws ImageBuildFailed; the signal's reason once it has aborted
   */
  build(id: string, want: ImageWant): Promise<void>;
  /** The progress of an image that is being built or that somebody waits for. */
  progressOf(id: string): ImageProgress | undefined;
  /** Ends all builds. */
  [Symbol.asyncDispose](): Promise<void>;
}

export type ImageBuildsOptions = {
  readonly start: StartBuild;
  readonly log: Log;
};

type Waiter = {
  readonly progress: (now: ImageProgress) => void;
  readonly background: boolean;
  readonly end: PromiseWithResolvers<void>;
};

type Build = {
  readonly id: string;
  readonly waiters: Set<Waiter>;
  now: ImageProgress;
  running?: RunningBuild;
};

const isUrgent = ({ waiters }: Build): boolean => [...waiters].some(({ background }) => !background);

export const createImageBuilds = ({ start, log }: ImageBuildsOptions): ImageBuilds => {
  /** In the order in which they were wanted. */
  const builds = new Map<string, Build>();
  let current: { readonly build: Build; readonly settled: Promise<void> } | undefined;
  let stopped = false;

  const setProgress = (build: Build, now: ImageProgress): void => {
    if (now.percent === build.now.percent && now.step === build.now.step) return;
    build.now = now;
    for (const waiter of build.waiters) waiter.progress(now);
  };

  /** Builds that wait say what they wait for. */
  const tellWaiting = (): void => {
    if (current === undefined) return;
    const { id, now } = current.build;
    for (const build of builds.values()) {
      if (build.running === undefined) setProgress(build, { percent: 0, step: `waiting for ${id} (${now.percent} %)` });
    }
  };

  const settle = (build: Build, error?: unknown): void => {
    builds.delete(build.id);
    for (const { end } of build.waiters) {
      if (error === undefined) end.resolve();
      else end.reject(error);
    }
    build.waiters.clear();
  };

  const run = async (build: Build): Promise<void> => {
    log.info("image.build-started", { image: build.id, background: !isUrgent(build) });
    build.running = start(build.id, (now) => {
      setProgress(build, now);
      tellWaiting();
    });
    try {
      await build.running.done;
      log.info("image.built", { image: build.id });
      settle(build);
    } catch (error) {
      delete build.running;
      // A background build that made way for another, or one that somebody has come to want again, stays in the list.
      if (error instanceof ImageBuildFailed) {
        log.error("image.build-failed", { image: build.id, error });
        settle(build, error);
      } else if (build.waiters.size === 0 || stopped) settle(build, error);
    }
  };

  const next = (): void => {
    if (stopped || current !== undefined) return;
    const waiting = [...builds.values()];
    const build = waiting.find(isUrgent) ?? waiting[0];
    if (build === undefined) return;
    const settled = run(build).finally(() => {
      current = undefined;
      next();
    });
    current = { build, settled };
    tellWaiting();
  };

  const want = (id: string): Build => {
    const found = builds.get(id);
    if (found !== undefined) return found;
    const build: Build = { id, waiters: new Set(), now: { percent: 0, step: "waiting" } };
    builds.set(id, build);
    return build;
  };

  /** Ends the current build if nobody wants it, or if somebody waits for another and nobody for it. */
  const makeWay = (): void => {
    if (current === undefined || isUrgent(current.build)) return;
    if (current.build.waiters.size === 0 || [...builds.values()].some(isUrgent)) current.build.running?.stop();
  };

  return {
    async build(id, { signal, progress, background = false }) {
      signal.throwIfAborted();
      if (stopped) throw new Error("image builds have been stopped");
      const build = want(id);
      const waiter: Waiter = { progress, background, end: Promise.withResolvers<void>() };
      build.waiters.add(waiter);
      if (build.running !== undefined) progress(build.now);
      const leave = (): void => {
        if (!build.waiters.delete(waiter)) return;
        if (build.running === undefined && build.waiters.size === 0) builds.delete(id);
        waiter.end.reject(signal.reason);
        makeWay();
      };
      signal.addEventListener("abort", leave, { once: true });
      makeWay();
      next();
      tellWaiting();
      try {
        await waiter.end.promise;
      } finally {
        signal.removeEventListener("abort", leave);
      }
    },
    progressOf: (id) => builds.get(id)?.now,
    async [Symbol.asyncDispose]() {
      stopped = true;
      current?.build.running?.stop();
      await current?.settled;
      for (const build of builds.values()) settle(build, new Error("image builds have been stopped"));
    },
  };
};
