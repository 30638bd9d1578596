import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { ImageBuildFailed } from "#platform/sandboxes/images";
import { describe, expect, it } from "vitest";
import { createBackgroundImages, FIRST_BUILD_AFTER_MS, RETRY_AFTER_MS } from "./background-images.ts";
import { settle } from "./execution-fixture.ts";

const createSetting = (missing: string[], broken: readonly string[] = []) => {
  const clock = createManualClock();
  const built: string[] = [];
  const signals: AbortSignal[] = [];
  const images = createBackgroundImages({
    builds: {
      async build(id, { signal, background }) {
        expect(background).toBe(true);
        signals.push(signal);
        built.push(id);
        if (broken.includes(id)) throw new ImageBuildFailed("no network");
        missing.splice(missing.indexOf(id), 1);
      },
    },
    wanted: async () => [...missing],
    onBuilt: async () => undefined,
    clock,
    log: silentLog,
  });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  return { images, built, signals, pass };
};

describe("images in the background", () => {
  it("[X82] are built one after the other, in order, and not in the first minute", async () => {
    const { images, built, pass } = createSetting(["go", "rust", "r"]);
    images.start();
    await pass(FIRST_BUILD_AFTER_MS - 1);
    expect(built).toEqual([]);
    await pass(1);
    expect(built).toEqual(["go", "rust", "r"]);
    await pass(RETRY_AFTER_MS);
    expect(built).toHaveLength(3);
  });

  it("[X82] one that can't be built does not keep the others from being built, and is tried again later", async () => {
    const { images, built, pass } = createSetting(["go", "rust"], ["go"]);
    images.start();
    await pass(FIRST_BUILD_AFTER_MS);
    expect(built).toEqual(["go"]);
    await pass(FIRST_BUILD_AFTER_MS);
    expect(built).toEqual(["go", "rust"]);
    await pass(RETRY_AFTER_MS);
    expect(built).toEqual(["go", "rust", "go"]);
  });

  it("[X82] are left alone for an hour after two failures in a row", async () => {
    const { images, built, pass } = createSetting(["go", "rust", "r"], ["go", "rust", "r"]);
    images.start();
    await pass(FIRST_BUILD_AFTER_MS);
    await pass(FIRST_BUILD_AFTER_MS);
    await pass(RETRY_AFTER_MS - 1);
    expect(built).toEqual(["go", "rust"]);
    await pass(1);
    expect(built).toEqual(["go", "rust", "r"]);
  });

  it("[X82] are not built after the server has begun to stop", async () => {
    const { images, built, signals, pass } = createSetting(["go"], ["go"]);
    images.start();
    await pass(FIRST_BUILD_AFTER_MS);
    images.stop();
    expect(signals[0]?.aborted).toBe(true);
    await pass(RETRY_AFTER_MS);
    expect(built).toEqual(["go"]);
  });
});
