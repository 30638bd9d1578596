import { silentLog } from "#kernel/log";
import { setImmediate as settle } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createImageBuilds, ImageBuildFailed, type ImageProgress } from "./image-builds.ts";

type Started = {
  readonly id: string;
  readonly progress: (now: ImageProgress) => void;
  readonly end: PromiseWithResolvers<void>;
  wasStopped: boolean;
};

const createSetting = () => {
  const started: Started[] = [];
  const builds = createImageBuilds({
    log: silentLog,
    start(id, progress) {
      const end = Promise.withResolvers<void>();
      const build: Started = { id, progress, end, wasStopped: false };
      started.push(build);
      return {
        done: end.promise,
        stop() {
          build.wasStopped = true;
          end.reject(new Error("stopped"));
        },
      };
    },
  });
  const heard: Record<string, string[]> = {};
  const want = (
    who: string,
    id: string,
    signal = new AbortController().signal,
    background = false,
  ): Promise<string> => {
    const progress = ({ percent, step }: ImageProgress): void => void (heard[who] ??= []).push(`${percent} ${step}`);
    return builds.build(id, { signal, progress, background }).then(
      () => "built",
      (error: unknown) => String(error),
    );
  };
  const wantLater = (id: string): Promise<string> => want("background", id, new AbortController().signal, true);
  return { started, builds, heard, want, wantLater };
};

describe("builds of images", () => {
  it("[I66] everybody who wants an image joins one build and hears its progress", async () => {
    const { started, builds, heard, want } = createSetting();
    const first = want("ada", "go");
    started[0]?.progress({ percent: 40, step: "unpacking" });
    const second = want("bea", "go");
    started[0]?.progress({ percent: 70, step: "setting up" });
    expect(builds.progressOf("go")).toEqual({ percent: 70, step: "setting up" });
    started[0]?.end.resolve();
    expect(await Promise.all([first, second])).toEqual(["built", "built"]);
    expect(started).toHaveLength(1);
    expect(heard).toEqual({ ada: ["40 unpacking", "70 setting up"], bea: ["40 unpacking", "70 setting up"] });
    expect(builds.progressOf("go")).toBeUndefined();
  });

  it("[I66] one image is built at a time, and the next in line says what it waits for", async () => {
    const { started, heard, want } = createSetting();
    const go = want("ada", "go");
    const ruby = want("bea", "ruby");
    started[0]?.progress({ percent: 10, step: "downloading" });
    expect(started.map(({ id }) => id)).toEqual(["go"]);
    expect(heard["bea"]).toEqual(["0 waiting for go (0 %)", "0 waiting for go (10 %)"]);
    started[0]?.end.resolve();
    await go;
    await settle();
    expect(started.map(({ id }) => id)).toEqual(["go", "ruby"]);
    started[1]?.end.resolve();
    expect(await ruby).toBe("built");
  });

  it("[I67] a build in the background makes way for one that somebody waits for, and is begun again after it", async () => {
    const { started, want, wantLater } = createSetting();
    void wantLater("haskell");
    void wantLater("r");
    expect(started.map(({ id }) => id)).toEqual(["haskell"]);
    const go = want("ada", "go");
    expect(started[0]?.wasStopped).toBe(true);
    await settle();
    expect(started.map(({ id }) => id)).toEqual(["haskell", "go"]);
    started[1]?.end.resolve();
    await go;
    await settle();
    expect(started.map(({ id }) => id)).toEqual(["haskell", "go", "haskell"]);
  });

  it("[I67] somebody who comes to want what is built in the background joins it", async () => {
    const { started, want, wantLater } = createSetting();
    const later = wantLater("haskell");
    const joined = want("ada", "haskell");
    const other = want("bea", "go");
    expect(started[0]?.wasStopped).toBe(false);
    started[0]?.end.resolve();
    expect(await joined).toBe("built");
    expect(await later).toBe("built");
    await settle();
    started[1]?.end.resolve();
    expect(await other).toBe("built");
  });

  it("[I66] a build ends when the last who waited for it has left, not before", async () => {
    const { started, builds, want } = createSetting();
    const [ada, bea] = [new AbortController(), new AbortController()];
    const both = [want("ada", "go", ada.signal), want("bea", "go", bea.signal)];
    ada.abort(new Error("ada left"));
    expect(started[0]?.wasStopped).toBe(false);
    bea.abort(new Error("bea left"));
    expect(started[0]?.wasStopped).toBe(true);
    expect(await Promise.all(both)).toEqual(["Error: ada left", "Error: bea left"]);
    await settle();
    expect(builds.progressOf("go")).toBeUndefined();
    const again = want("ada", "go");
    started[1]?.end.resolve();
    expect(await again).toBe("built");
  });

  it("[I66] somebody who comes while a build is being stopped gets a new one", async () => {
    const { started, want } = createSetting();
    const ada = new AbortController();
    const first = want("ada", "go", ada.signal);
    ada.abort(new Error("ada left"));
    const second = want("bea", "go");
    await first;
    await settle();
    expect(started).toHaveLength(2);
    started[1]?.end.resolve();
    expect(await second).toBe("built");
  });

  it("[I66] a failed build is told to all who wait, and the next one is begun", async () => {
    const { started, want } = createSetting();
    const both = [want("ada", "go"), want("bea", "go")];
    const ruby = want("eve", "ruby");
    started[0]?.end.reject(new ImageBuildFailed("no network"));
    expect(await Promise.all(both)).toEqual(["ImageBuildFailed: no network", "ImageBuildFailed: no network"]);
    await settle();
    started[1]?.end.resolve();
    expect(await ruby).toBe("built");
  });

  it("[I68] a server that stops ends the build and tells who waits", async () => {
    const { started, builds, want, wantLater } = createSetting();
    const go = want("ada", "go");
    const ruby = want("bea", "ruby");
    const r = wantLater("r");
    await builds[Symbol.asyncDispose]();
    expect(started.map(({ id, wasStopped }) => [id, wasStopped])).toEqual([["go", true]]);
    expect(await go).toContain("stopped");
    expect(await ruby).toContain("stopped");
    expect(await r).toContain("stopped");
    expect(await want("eve", "go")).toContain("stopped");
  });
});
