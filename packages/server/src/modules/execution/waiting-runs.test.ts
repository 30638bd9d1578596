/**
 * Runs that wait for input, in the whole module: how many there may be, which runs take their slots, and which is stopped when memory is
 * short.
 */
import { describe, expect, it } from "vitest";
import { actorNamed, createScene, helloRequest, settle, type Scene } from "./execution-fixture.ts";

const ada = actorNamed("ada");
const bob = actorNamed("bob");

const start = async (scene: Scene, actor = ada, interactive = true) => {
  const before = scene.provider.runs.length;
  const live = await scene.service.submit(actor, helloRequest, { interactive });
  await settle();
  const run = scene.provider.runs[before];
  if (run === undefined) throw new Error("nothing runs");
  run.stage("run");
  await settle();
  return { live, run, summary: () => live.snapshot({ output: false }) };
};

describe("runs that wait for input", () => {
  it("[X36] say since when, may wait for ten minutes, and no longer once they work", async () => {
    const scene = await createScene();
    const { run, summary, live } = await start(scene);
    expect(run.job.patience?.idleMs).toBe(600_000);
    expect(run.wait()).toBe(true);
    expect(summary().waitingSince).toBe(new Date(scene.clock.now()).toISOString());
    run.work();
    expect(summary()).toMatchObject({ status: "running", waitingSince: null });
    run.wait();
    run.end({ kind: "limit", limit: "wall" });
    await live.ended;
    expect(summary().status).toBe("timed-out");
    expect(summary().waitingSince).not.toBeNull();
    await settle();
    expect(scene.store.rows.get(live.facts.id)?.waitingSince).toBe(summary().waitingSince);
  });

  it("[X36] only where somebody may type", async () => {
    const scene = await createScene();
    const { run } = await start(scene, ada, false);
    expect(run.job.patience).toBeUndefined();
    const typed = await scene.service.submit(ada, { ...helloRequest, stdin: "all" }, { interactive: true });
    await settle();
    expect(typed.input.open).toBe(false);
    expect(scene.provider.runs.at(-1)?.job.patience).toBeUndefined();
  });

  it("[X36] are two of one user at most; others' are not counted, and one that ends frees its slot", async () => {
    const scene = await createScene({ concurrency: 8 });
    const runs = [await start(scene), await start(scene), await start(scene)];
    expect(runs.map(({ run }) => run.wait())).toEqual([true, true, false]);
    const theirs = await start(scene, bob);
    expect(theirs.run.wait()).toBe(true);
    await scene.service.stop(ada, runs[0]?.live.facts.id ?? "");
    runs[0]?.run.job.patience?.end();
    expect(runs[2]?.run.wait()).toBe(true);
  });

  it("[X36] let others run meanwhile", async () => {
    const scene = await createScene({ concurrency: 1 });
    const first = await start(scene);
    const second = await scene.service.submit(bob, helloRequest, { interactive: true });
    await settle();
    expect(second.snapshot({ output: false }).status).toBe("queued");
    first.run.wait();
    await settle();
    scene.provider.runs.at(-1)?.stage("run");
    expect(second.snapshot({ output: false }).status).toBe("running");
    first.run.work();
    expect(scene.admission.running).toBe(2);
    scene.provider.runs.at(-1)?.end({ kind: "exited", exitCode: 0 });
    first.run.end({ kind: "exited", exitCode: 0 });
    await settle();
    expect(scene.admission.running).toBe(0);
  });

  it("[X36] end first when memory is short, the one that has waited longest before the others, and say so", async () => {
    const scene = await createScene({ concurrency: 8 });
    const working = await start(scene);
    const [first, second] = [await start(scene), await start(scene, bob)];
    first.run.wait();
    second.run.wait();
    scene.manual.advance(10_000);
    await settle();
    expect([first, second].map(({ summary }) => summary().status)).toEqual(["running", "running"]);
    scene.memory.availableBytes = 100 * 1_048_576;
    scene.manual.advance(2000);
    await settle();
    first.run.job.patience?.end();
    expect(first.summary()).toMatchObject({ status: "cancelled", hints: [{ path: "main.py" }] });
    expect([working, second].map(({ summary }) => summary().status)).toEqual(["running", "running"]);
    scene.manual.advance(2000);
    await settle();
    expect(second.summary().status).toBe("cancelled");
    expect(working.summary().status).toBe("running");
  });

  it("[X10] a sandbox that says nothing more while it waits is given up after the idle limit", async () => {
    const scene = await createScene();
    const { run, live, summary } = await start(scene);
    run.wait();
    scene.manual.advance(600_000);
    await settle();
    expect(summary().status).toBe("running");
    scene.manual.advance(21_000);
    await live.ended;
    expect(summary().status).toBe("system-error");
  });
});
