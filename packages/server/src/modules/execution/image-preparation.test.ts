/** Runs whose language has no image yet, in the whole module. */
import { ImageBuildFailed, type ImageBuilds, type ImageProgress } from "#platform/sandboxes/images";
import { describe, expect, it } from "vitest";
import { actorNamed, createScene, helloRequest, PROJECT, settle } from "./execution-fixture.ts";

const ada = actorNamed("ada");

const createSetting = async () => {
  const asked: { id: string; progress: (now: ImageProgress) => void; end: PromiseWithResolvers<void> }[] = [];
  const builds: Pick<ImageBuilds, "build"> = {
    async build(id, { signal, progress }) {
      const end = Promise.withResolvers<void>();
      asked.push({ id, progress, end });
      signal.addEventListener("abort", () => end.reject(signal.reason));
      await end.promise;
    },
  };
  let isMissing = true;
  const scene = await createScene({ builds, noImage: () => isMissing, concurrency: 1 });
  scene.roles.set(ada.userId, "owner");
  const submit = async () => {
    const request = { projectId: PROJECT, language: "python", entryPoint: "main.py" };
    const live = await scene.service.submit(ada, request, { interactive: true });
    await settle();
    return live;
  };
  return { scene, asked, submit, imageIsThere: () => void (isMissing = false) };
};

describe("a run whose image is missing", () => {
  it("[X80] waits while the image is built, says how far that is, and then runs", async () => {
    const { scene, asked, submit, imageIsThere } = await createSetting();
    const live = await submit();
    const summary = () => live.snapshot({ output: false });
    expect(asked.map(({ id }) => id)).toEqual(["base"]);
    expect(summary()).toMatchObject({ status: "preparing", image: { id: "base", language: "Python", percent: 0 } });
    asked[0]?.progress({ percent: 43.7, step: "unpacking" });
    expect(summary().image).toEqual({ id: "base", language: "Python", percent: 43, step: "unpacking" });
    expect(scene.events.at(-1)?.event).toEqual({ type: "image", id: "base", percent: 43, step: "unpacking" });
    const told = scene.events.length;
    asked[0]?.progress({ percent: 43.9, step: "unpacking" });
    expect(scene.events).toHaveLength(told);
    imageIsThere();
    asked[0]?.end.resolve();
    await settle();
    expect(summary().image).toBeUndefined();
    scene.provider.runs[0]?.stage("run");
    await settle();
    expect(summary().status).toBe("running");
    scene.provider.runs[0]?.end({ kind: "exited", exitCode: 0 });
    await live.ended;
    expect(summary().status).toBe("succeeded");
  });

  it("[X80] takes no slot of those that run while it waits", async () => {
    const { scene, submit, imageIsThere } = await createSetting();
    await submit();
    imageIsThere();
    await scene.catalog.look();
    await submit();
    expect(scene.admission.running).toBe(1);
    expect(scene.provider.runs).toHaveLength(1);
  });

  it("[X81] that is stopped does not wait on, and frees its place", async () => {
    const { scene, asked, submit } = await createSetting();
    const live = await submit();
    await scene.service.stop(ada, live.facts.id);
    await expect(asked[0]?.end.promise).rejects.toThrow("ended");
    await settle();
    expect(live.snapshot({ output: false })).toMatchObject({ status: "cancelled" });
    expect(scene.admission.running + scene.admission.waiting).toBe(0);
    expect(scene.provider.runs).toHaveLength(0);
  });

  it("[X81] whose image can't be built ends, and says why it did not start", async () => {
    const { scene, asked, submit } = await createSetting();
    const live = await submit();
    asked[0]?.end.reject(new ImageBuildFailed("no route to 203.0.113.7"));
    await live.ended;
    const { status, hints } = live.snapshot({ output: false });
    expect(status).toBe("system-error");
    expect(hints.map(({ message }) => message).join(" ")).toMatch(/could not be installed/u);
    expect(JSON.stringify(hints)).not.toContain("203.0.113.7");
    await settle();
    expect(scene.admission.running + scene.admission.waiting).toBe(0);
  });

  it("[X81] is refused where the server builds none", async () => {
    const scene = await createScene({ noImage: () => true });
    await expect(scene.service.submit(ada, helloRequest, { interactive: true })).rejects.toThrow("Python");
    expect(scene.admission.running + scene.admission.waiting).toBe(0);
  });
});
