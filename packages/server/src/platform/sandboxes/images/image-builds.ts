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

export interface ImageBuilds {
  /**
   * Builds an image, or joins its build. The build ends when every caller's signal has aborted: what it has downloaded is kept.
   * @throws ImageBuildFailed; the signal's reason once it has aborted
   */
  build(id: string, options: { signal: AbortSignal; progress: (now: ImageProgress) => void }): Promise<void>;
  /** Builds it when nobody waits for another image. */
  buildLater(id: string): void;
  /** The progress of an image that is being built or that somebody waits for. */
  progressOf(id: string): ImageProgress | undefined;
  /** Ends all builds. */
  [Symbol.asyncDispose](): Promise<void>;
}

export type ImageBuildsOptions = {
  readonly start: StartBuild;
  readonly log: Log;
  /** Called when an image has been built. */
  readonly onBuilt: (id: string) => void;
};

type Waiter = {
  readonly progress: (now: ImageProgress) => void;
  readonly end: PromiseWithResolvers<void>;
};

type Build = {
  readonly id: string;
  readonly waiters: Set<Waiter>;
  /** In the background: wanted although nobody waits. */
  later: boolean;
  now: ImageProgress;
  running?: RunningBuild;
};

export const createImageBuilds = ({ start, log, onBuilt }: ImageBuildsOptions): ImageBuilds => {
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
    log.info("image.build-started", { image: build.id, background: build.waiters.size === 0 });
    build.running = start(build.id, (now) => {
      setProgress(build, now);
      tellWaiting();
    });
    try {
      await build.running.done;
      log.info("image.built", { image: build.id });
      settle(build);
      onBuilt(build.id);
    } catch (error) {
      delete build.running;
      // A background build that made way for another, or one that somebody has come to want again, stays in the list.
      const isWanted = build.waiters.size > 0 || build.later;
      if (error instanceof ImageBuildFailed) {
        log.error("image.build-failed", { image: build.id, error });
        settle(build, error);
      } else if (!isWanted || stopped) settle(build, error);
    }
  };

  const next = (): void => {
    if (stopped || current !== undefined) return;
    const waiting = [...builds.values()];
    const build = waiting.find(({ waiters }) => waiters.size > 0) ?? waiting.find(({ later }) => later);
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
    const build: Build = { id, waiters: new Set(), later: false, now: { percent: 0, step: "waiting" } };
    builds.set(id, build);
    return build;
  };

  /** Ends the current build if nobody waits for it and somebody waits for another, or nobody wants it. */
  const makeWay = (): void => {
    if (current === undefined || current.build.waiters.size > 0) return;
    const isNeeded = [...builds.values()].some(({ waiters }) => waiters.size > 0);
    if (isNeeded || !current.build.later) current.build.running?.stop();
  };

  return {
    async build(id, { signal, progress }) {
      signal.throwIfAborted();
      if (stopped) throw new Error("image builds have been stopped");
      const build = want(id);
      const waiter: Waiter = { progress, end: Promise.withResolvers<void>() };
      build.waiters.add(waiter);
      if (build.running !== undefined) progress(build.now);
      const leave = (): void => {
        if (!build.waiters.delete(waiter)) return;
        if (build.running === undefined && build.waiters.size === 0 && !build.later) builds.delete(id);
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
    buildLater(id) {
      if (stopped) return;
      want(id).later = true;
      next();
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
