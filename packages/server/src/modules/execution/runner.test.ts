import type { SandboxEnd } from "./run/ports.ts";
import { describe, expect, it } from "vitest";
import { actorNamed, createScene, helloRequest, settle } from "./execution-fixture.ts";

const ada = actorNamed("ada");
const interactive = { interactive: true };

describe("running an execution", () => {
  it.each<[SandboxEnd, "compile" | "run", object]>([
    [{ kind: "exited", exitCode: 0 }, "run", { status: "succeeded", exitCode: 0, signal: null, stage: "run" }],
    [{ kind: "exited", exitCode: 7 }, "run", { status: "failed", exitCode: 7, signal: null }],
    [{ kind: "exited", exitCode: 1 }, "compile", { status: "compile-failed", exitCode: 1, stage: "compile" }],
    [
      { kind: "signalled", signal: "SIGSEGV" },
      "compile",
      { status: "compile-failed", exitCode: null, signal: "SIGSEGV" },
    ],
    [{ kind: "signalled", signal: "SIGSEGV" }, "run", { status: "killed", exitCode: null, signal: "SIGSEGV" }],
    [{ kind: "limit", limit: "wall" }, "run", { status: "timed-out", exitCode: null }],
    [{ kind: "limit", limit: "wall" }, "compile", { status: "timed-out", stage: "compile" }],
    [{ kind: "limit", limit: "cpu" }, "run", { status: "cpu-limit" }],
    [{ kind: "limit", limit: "memory" }, "run", { status: "out-of-memory" }],
    [{ kind: "limit", limit: "output" }, "run", { status: "output-limit" }],
    [{ kind: "cancelled" }, "run", { status: "cancelled" }],
    [{ kind: "sandbox-failed", reason: "gone" }, "run", { status: "system-error" }],
  ])("[X7] %j in %s", async (end, stage, expected) => {
    const scene = await createScene();
    const live = await scene.service.submit(ada, helloRequest, interactive);
    await settle();
    const run = scene.provider.runs[0];
    run?.stage(stage);
    expect(live.state.status).toBe(stage === "compile" ? "compiling" : "running");
    run?.end(end, stage);
    await live.ended;
    const execution = live.snapshot({ output: true });
    expect(execution).toMatchObject({ ...expected, sandbox: "namespaces", limitsEnforcement: "polled" });
    expect(execution.startedAt).not.toBeNull();
    expect(execution.endedAt).not.toBeNull();
  });

  it("[X7] an end stays: later words of the sandbox change nothing", async () => {
    const scene = await createScene();
    const live = await scene.service.submit(ada, helloRequest, interactive);
    await settle();
    const run = scene.provider.runs[0];
    run?.stage("run");
    run?.end({ kind: "exited", exitCode: 0 });
    await live.ended;
    run?.stage("compile");
    expect(live.finish({ ending: { status: "timed-out" }, stage: "run" })).toBe(false);
    expect(live.snapshot({ output: false }).status).toBe("succeeded");
  });

  it("[X9] a sandbox that fails before anything started is replaced once, with the same input", async () => {
    const scene = await createScene();
    const live = await scene.service.submit(ada, { ...helloRequest, stdin: "42\n" }, interactive);
    await settle();
    scene.provider.runs[0]?.end({ kind: "sandbox-failed", reason: "gone" });
    await settle();
    expect(scene.provider.runs).toHaveLength(2);
    const second = scene.provider.runs[1];
    second?.stage("run");
    await settle();
    expect(Buffer.concat(second?.stdin ?? []).toString()).toBe("42\n");
    expect(second?.events).toEqual(["stdin-end"]);
    second?.end({ kind: "exited", exitCode: 0 });
    await live.ended;
    expect(live.snapshot({ output: false }).status).toBe("succeeded");
  });

  it("[X9] it is not run again after something started, and not a third time", async () => {
    const scene = await createScene();
    const late = await scene.service.submit(ada, helloRequest, interactive);
    await settle();
    scene.provider.runs[0]?.stage("run");
    scene.provider.runs[0]?.end({ kind: "sandbox-failed", reason: "gone" });
    await late.ended;
    expect(scene.provider.runs).toHaveLength(1);
    scene.provider.onRun = (run) => run.end({ kind: "sandbox-failed", reason: "gone" });
    const twice = await scene.service.submit(ada, helloRequest, interactive);
    await twice.ended;
    expect(scene.provider.runs).toHaveLength(3);
    expect([late, twice].map((live) => live.snapshot({ output: false }).status)).toEqual([
      "system-error",
      "system-error",
    ]);
  });

  it("[X9] a sandbox that died in the moment of its claim is replaced", async () => {
    const scene = await createScene();
    let refusals = 0;
    scene.provider.onRun = () => {
      refusals += 1;
      if (refusals === 1) throw new Error("this sandbox has died");
    };
    await scene.service.submit(ada, helloRequest, interactive);
    await settle();
    expect(refusals).toBe(2);
    scene.provider.runs[1]?.end({ kind: "exited", exitCode: 0 });
    await settle();
    expect([...scene.store.rows.values()].map(({ status }) => status)).toEqual(["succeeded"]);
  });

  it("[X9] boots that fail twice end the run", async () => {
    const scene = await createScene({ maxWarm: 0 });
    let boots = 0;
    scene.provider.beforeBoot = () => {
      boots += 1;
      throw new Error("no sandbox");
    };
    const live = await scene.service.submit(ada, helloRequest, interactive);
    await live.ended;
    expect(boots).toBe(2);
    expect(live.snapshot({ output: false })).toMatchObject({ status: "system-error", stage: null, sandbox: null });
  });

  it("[X10] a sandbox that never answers is given up 20 s after its limits", async () => {
    const scene = await createScene();
    const live = await scene.service.submit(ada, { ...helloRequest, limits: { wallMs: 1000 } }, interactive);
    await settle();
    scene.provider.runs[0]?.stage("run");
    scene.manual.advance(20_900);
    await settle();
    expect(live.state.status).toBe("running");
    scene.manual.advance(101);
    await live.ended;
    expect(live.snapshot({ output: false }).status).toBe("system-error");
  });

  it("[X57] a terminal has the size that the request gave, and is told another one only when it changes", async () => {
    const scene = await createScene();
    const request = { ...helloRequest, tty: true, terminalSize: { columns: 61, rows: 33 } };
    const live = await scene.service.submit(ada, request, interactive);
    await settle();
    const run = scene.provider.runs[0];
    expect(run?.job.terminal).toEqual({ columns: 61, rows: 33 });
    run?.stage("run");
    await settle();
    expect(run?.events).toEqual([]);
    live.input.resize({ columns: 62, rows: 33 });
    expect(run?.events).toEqual(["62x33"]);
    expect(live.snapshot({ output: false })).not.toHaveProperty("terminalSize");
  });

  it("[X11] input waits for the program, keeps its order, and signals reach the compiler", async () => {
    const scene = await createScene();
    const request = { ...helloRequest, tty: true, stdin: "one " };
    const live = await scene.service.submit(ada, request, interactive);
    await settle();
    const run = scene.provider.runs[0];
    expect(run?.job.terminal).toEqual({ columns: 80, rows: 24 });
    live.input.resize({ columns: 120, rows: 40 });
    await live.input.write(Buffer.from("two"));
    live.input.signal("SIGINT");
    run?.stage("compile");
    await settle();
    expect(run?.events).toEqual(["120x40", "SIGINT"]);
    expect(run?.stdin).toEqual([]);
    run?.stage("run");
    await settle();
    expect(Buffer.concat(run?.stdin ?? []).toString()).toBe("one two");
    expect(run?.events).toEqual(["120x40", "SIGINT"]);
  });

  it("[X11] where nobody can type, input ends", async () => {
    const scene = await createScene();
    await scene.service.submit(ada, helloRequest, { interactive: false });
    await settle();
    scene.provider.runs[0]?.stage("run");
    await settle();
    expect(scene.provider.runs[0]?.events).toEqual(["stdin-end"]);
  });

  it("[X12] stopping ends a run, and one that still waits", async () => {
    const scene = await createScene({ concurrency: 1 });
    const running = await scene.service.submit(ada, helloRequest, interactive);
    const waiting = await scene.service.submit(ada, helloRequest, interactive);
    await settle();
    expect((await scene.service.stop(ada, waiting.facts.id)).status).toBe("cancelled");
    expect((await scene.service.stop(ada, running.facts.id)).status).toBe("cancelled");
    expect((await scene.service.stop(ada, running.facts.id)).status).toBe("cancelled");
    expect(scene.provider.runs).toHaveLength(1);
    await settle();
    expect(scene.admission.running + scene.admission.waiting).toBe(0);
    expect(scene.store.rows.get(waiting.facts.id)?.status).toBe("cancelled");
  });

  it("[X12] stopping while a sandbox boots runs nothing", async () => {
    const scene = await createScene({ maxWarm: 0 });
    const gate = Promise.withResolvers<void>();
    scene.provider.beforeBoot = () => gate.promise;
    const live = await scene.service.submit(ada, helloRequest, interactive);
    await settle();
    live.cancel();
    gate.resolve();
    await settle();
    expect(scene.provider.runs).toEqual([]);
    expect(scene.provider.disposed).toBe(1);
    expect(live.snapshot({ output: false })).toMatchObject({ status: "cancelled", startedAt: null });
  });
});
