/** Collecting the files that a run wrote: rights, refusals, and the execution's report about them. */
import { Problem } from "#kernel/problem";
import { StartExecutionSchema, type StartExecution } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { actorNamed, createScene, helloRequest, PROJECT, settle, storedFile, type Scene } from "./execution-fixture.ts";

const ada = actorNamed("ada");
const request: StartExecution = {
  projectId: PROJECT,
  language: "python",
  entryPoint: "main.py",
  collect: ["**", "!*.pyc"],
};
const bytes = (text: string): Uint8Array => Buffer.from(text);

const start = async (scene: Scene, given: StartExecution = request) => {
  const live = await scene.service.submit(ada, given, { interactive: true });
  await settle();
  const run = scene.provider.runs.at(-1);
  if (run === undefined) throw new Error("nothing runs");
  run.stage("run");
  const end = async (): Promise<ReturnType<typeof live.snapshot>> => {
    run.end({ kind: "exited", exitCode: 0 });
    await settle();
    return live.snapshot({ output: true });
  };
  return { live, run, end };
};

describe("files collected after a run", () => {
  it("[X33] are selected by the request's globs, and stored with the version that the run read", async () => {
    const scene = await createScene();
    scene.roles.set(ada.userId, "editor");
    const { run, end, live } = await start(scene);
    expect(run.job.collect).toMatchObject({ maxFiles: 100, maxBytes: 20 * 1_048_576 });
    expect(["a.txt", "b.pyc"].map((path) => run.job.collect?.wants(path))).toEqual([true, false]);
    run.leaves = [
      { path: "main.py", bytes: bytes("print(2)") },
      { path: "out.bin", bytes: Uint8Array.of(0, 255) },
      { path: "fifo", size: 0, skipped: "not-a-file" },
    ];
    const { collected, status } = await end();
    expect(status).toBe("succeeded");
    expect(collected).toEqual([
      { path: "main.py", size: 8, version: 4 },
      { path: "out.bin", size: 2, version: 1 },
      { path: "fifo", size: 0, version: null, skipped: "not-a-file" },
    ]);
    expect(scene.kept.map(({ path, basedOn }) => [path, basedOn])).toEqual([
      ["main.py", 3],
      ["out.bin", undefined],
    ]);
    expect(scene.store.rows.get(live.facts.id)?.collected).toEqual(collected);
  });

  it("[X33] a run without `collect`, and one without a project, stores no files", async () => {
    const scene = await createScene();
    scene.roles.set(ada.userId, "editor");
    const { collect: _, ...plain } = request;
    const { run, end } = await start(scene, plain);
    run.leaves = [{ path: "main.py", bytes: bytes("print(2)") }];
    expect(run.job.collect).toBeUndefined();
    expect((await end()).collected).toEqual([]);
    expect(scene.kept).toEqual([]);
    expect(StartExecutionSchema.safeParse({ ...helloRequest, collect: ["**"] }).success).toBe(false);
    expect(StartExecutionSchema.safeParse({ ...request, collect: [] }).success).toBe(false);
    expect(StartExecutionSchema.safeParse({ ...request, collect: Array(51).fill("*") }).success).toBe(false);
  });

  it("[X33] a starter who may not write any more when the run ends changes nothing", async () => {
    const scene = await createScene();
    scene.roles.set(ada.userId, "editor");
    const { run, end } = await start(scene);
    run.leaves = [{ path: "out.txt", bytes: bytes("x") }];
    scene.roles.set(ada.userId, "viewer");
    expect((await end()).collected).toEqual([{ path: "out.txt", size: 1, version: null, skipped: "no-right" }]);
    expect(scene.kept).toEqual([]);
  });

  it.each([
    ["projects/too-large", "no-room"],
    ["projects/too-many-files", "no-room"],
    ["projects/path-taken", "path-taken"],
    ["projects/version-conflict", "changed-meanwhile"],
    ["server/unavailable", "not-saved"],
  ] as const)("[X33] one that is refused by %s is skipped as %s, and the others are kept", async (code, skipped) => {
    const scene = await createScene();
    scene.roles.set(ada.userId, "editor");
    scene.refusals.set("a", new Problem(code));
    const { run, end } = await start(scene);
    run.leaves = ["a", "b"].map((path) => ({ path, bytes: bytes(path) }));
    expect((await end()).collected).toEqual([
      { path: "a", size: 1, version: null, skipped },
      { path: "b", size: 1, version: 1 },
    ]);
  });

  it("[X33] a project that cannot be written delays the end by at most ten seconds", async () => {
    const scene = await createScene();
    scene.roles.set(ada.userId, "editor");
    scene.projects.writeMerged = () => new Promise(() => undefined);
    const { run, live } = await start(scene);
    run.leaves = ["a", "b"].map((path) => ({ path, bytes: bytes(path) }));
    run.end({ kind: "limit", limit: "wall" });
    await settle();
    expect(live.state.status).toBe("running");
    scene.manual.advance(10_000);
    await settle();
    expect(live.snapshot({ output: false })).toMatchObject({
      status: "timed-out",
      collected: [{ skipped: "not-saved" }, { skipped: "not-saved" }],
    });
  });

  it("[X28] those of concurrent runs use no more than the memory budget, until they are stored", async () => {
    const scene = await createScene();
    scene.roles.set(ada.userId, "editor");
    const runs = [await start(scene), await start(scene), await start(scene), await start(scene)];
    const granted: boolean[] = [];
    for (const { run } of runs) void run.job.collect?.reserve?.(20 * 1_048_576).then((each) => granted.push(each));
    await settle();
    expect(granted).toEqual([true, true, true]);
    const [first] = runs;
    if (first === undefined) throw new Error("nothing runs");
    first.run.leaves = [{ path: "small", bytes: bytes("x") }];
    scene.projects.writeMerged = () => new Promise(() => undefined);
    first.run.end({ kind: "exited", exitCode: 0 });
    await settle();
    // It is still being stored, and is much smaller than its reservation.
    expect(first.live.state.status).toBe("running");
    expect(granted).toEqual([true, true, true, true]);
  });

  it("[X34] output that was lost at a limit marks the captured text as truncated", async () => {
    const scene = await createScene();
    const { run, end } = await start(scene, helloRequest);
    run.output("stdout", "some");
    run.outputCut = true;
    expect(await end()).toMatchObject({ stdout: "some", truncated: true });
  });

  it("[X35] hints on line ends come with the end of the run, hints on other files' first lines only when it failed", async () => {
    const scene = await createScene();
    scene.roles.set(ada.userId, "editor");
    scene.project.push(storedFile("main.sh", "echo\r\n"), storedFile("tool.py", "#!/usr/bin/python3\r\n"));
    const bash = { projectId: PROJECT, language: "bash", entryPoint: "main.sh" };
    const first = await start(scene, bash);
    expect(first.live.snapshot({ output: false }).hints).toEqual([]);
    expect((await first.end()).hints.map(({ path }) => path)).toEqual(["main.sh"]);
    const second = await start(scene, bash);
    second.run.end({ kind: "exited", exitCode: 127 });
    await settle();
    expect(second.live.snapshot({ output: false }).hints.map(({ path }) => path)).toEqual(["main.sh", "tool.py"]);
  });
});
