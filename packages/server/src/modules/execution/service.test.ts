import { Problem } from "#kernel/problem";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { actorNamed, createScene, helloRequest, PROJECT, settle, storedFile } from "./execution-fixture.ts";
import { PLAN_LIMITS } from "./plan-limits.ts";

const ada = actorNamed("ada");
const bob = actorNamed("bob");
const MIB = 1_048_576;
const interactive = { interactive: true };
const codeOf = async (work: Promise<unknown>): Promise<string | undefined> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof Problem ? error.code : String(error);
  }
};

describe("admission of executions", () => {
  it("[X1] a viewer may not run, a stranger sees nothing, everybody in the project sees the run", async () => {
    const scene = await createScene();
    scene.roles.set(ada.userId, "editor").set(bob.userId, "viewer");
    const request = { projectId: PROJECT, language: "python", entryPoint: "main.py" };
    expect(await codeOf(scene.service.submit(bob, request, interactive))).toBe("projects/role-too-low");
    const { facts } = await scene.service.submit(ada, request, interactive);
    expect((await scene.service.find(bob, facts.id)).fileVersions).toEqual({ "main.py": 3 });
    expect(await codeOf(scene.service.stop(bob, facts.id))).toBe("projects/role-too-low");
    expect(await codeOf(scene.service.find(actorNamed("eve"), facts.id))).toBe("execution/no-such-execution");
    expect(scene.events.length).toBeGreaterThan(0);
    scene.roles.delete(ada.userId);
    expect(await codeOf(scene.service.find(ada, facts.id))).toBe("execution/no-such-execution");
  });

  it("[X1] a run without a project is its starter's alone, in memory and as a row", async () => {
    const scene = await createScene();
    const { facts } = await scene.service.submit(ada, helloRequest, interactive);
    expect(await codeOf(scene.service.find(bob, facts.id))).toBe("execution/no-such-execution");
    await settle();
    scene.provider.runs[0]?.end({ kind: "exited", exitCode: 0 });
    await settle();
    scene.manual.advance(61_000);
    expect(scene.registry.get(facts.id)).toBeUndefined();
    expect((await scene.service.find(ada, facts.id)).status).toBe("succeeded");
    expect(await codeOf(scene.service.find(bob, facts.id))).toBe("execution/no-such-execution");
  });

  it.each([Number.NaN, -1, 0, 1.5, Infinity, PLAN_LIMITS.free.run.wallMs + 1])(
    "[X2] a wall limit of %d is refused",
    async (wallMs) => {
      const scene = await createScene();
      const refused = codeOf(scene.service.submit(ada, { ...helloRequest, limits: { wallMs } }, interactive));
      expect(await refused).toBe("execution/limit-too-high");
      expect(scene.store.rows.size).toBe(0);
      expect(scene.admission.waiting).toBe(0);
    },
  );

  it("[X2] run and compile have limits of their own, the plan's by default", async () => {
    const scene = await createScene();
    const files = [{ path: "a.c", content: "int main(){}" }];
    await scene.service.submit(
      actorNamed("pia", "premium"),
      { language: "c", entryPoint: "a.c", files, limits: { wallMs: 100 }, compileLimits: { cpuMs: 7 } },
      interactive,
    );
    await settle();
    const job = scene.provider.runs[0]?.job;
    expect(job?.run.limits).toEqual({ ...PLAN_LIMITS.premium.run, wallMs: 100 });
    expect(job?.compile?.limits).toEqual({ ...PLAN_LIMITS.premium.run, cpuMs: 7 });
  });

  it("[X3] others pass a user who is at the bound of the plan", async () => {
    const scene = await createScene({ concurrency: 6, capacity: 20 });
    const flood = [];
    for (let i = 0; i < 8; i += 1) flood.push(await scene.service.submit(ada, helloRequest, interactive));
    const other = await scene.service.submit(bob, helloRequest, interactive);
    await settle();
    expect(flood.map((live) => live.state.status)).toEqual([...Array(4).fill("preparing"), ...Array(4).fill("queued")]);
    expect(flood.map((live) => live.queuePosition)).toEqual([...Array(4).fill(undefined), 1, 2, 3, 4]);
    expect(other.state.status).toBe("preparing");
    scene.provider.runs[0]?.end({ kind: "exited", exitCode: 0 });
    await settle();
    expect(flood[4]?.state.status).toBe("preparing");
    expect(flood[5]?.queuePosition).toBe(1);
  });

  it("[X56] an end is told at once, and the run's slot is the next one's when its sandbox has gone", async () => {
    const scene = await createScene({ concurrency: 1 });
    const gone = Promise.withResolvers<void>();
    scene.provider.beforeEnd = () => gone.promise;
    const first = await scene.service.submit(ada, helloRequest, { interactive: false });
    const second = await scene.service.submit(ada, helloRequest, { interactive: false });
    await settle();
    scene.provider.runs[0]?.end({ kind: "exited", exitCode: 0 });
    await settle();
    expect([first.state.status, second.state.status]).toEqual(["ended", "queued"]);
    gone.resolve();
    await settle();
    expect([scene.provider.runs.length, second.state.status]).toEqual([2, "preparing"]);
  });

  it("[X85] of requests with one key at the same time one starts its program, and the others keep nothing", async () => {
    const scene = await createScene();
    const replay = { key: "one", requestHash: Buffer.alloc(32) };
    const options = { interactive: true, replay };
    const all = await Promise.all(
      Array.from({ length: 4 }, () => scene.service.submitOnce(ada, helloRequest, options)),
    );
    const ids = new Set(all.map((started) => ("live" in started ? started.live.facts.id : started.firstId)));
    expect(all.filter((started) => "live" in started)).toHaveLength(1);
    expect([...scene.store.rows.keys()]).toEqual([...ids]);
    await settle();
    expect([scene.provider.runs.length, scene.admission.running, scene.admission.waiting]).toEqual([1, 1, 0]);
    expect([scene.registry.unended().length, scene.homes.claimed.size]).toEqual([1, 1]);
    await expect(
      scene.service.submitOnce(ada, helloRequest, {
        ...options,
        replay: { ...replay, requestHash: Buffer.alloc(32, 1) },
      }),
    ).rejects.toMatchObject({ code: "projects/idempotency-mismatch" });
    expect(await scene.service.submitOnce(bob, helloRequest, options)).toHaveProperty("live");
  });

  it("[X86] [X87] an ended execution has its stages and errors, and so have the list and its row", async () => {
    const scene = await createScene();
    scene.roles.set(ada.userId, "editor");
    scene.project.push(storedFile("main.c", "int main(){}"));
    const request = { projectId: PROJECT, language: "c", entryPoint: "main.c" };
    const { facts, ended } = await scene.service.submit(ada, request, interactive);
    await settle();
    const [run] = scene.provider.runs;
    expect(await scene.service.find(ada, facts.id)).toMatchObject({ stages: [], errors: [] });
    run?.stage("compile");
    run?.stage("run");
    run?.output("stderr", "\u001b[1mmain.c:4\u001b[m: main: Assertion `1 == 2' failed.\n");
    const usage = { wallMs: 20.4, cpuMs: 10.6, memoryPeakBytes: 9000, outputBytes: 0 };
    if (run !== undefined) run.before = [{ stage: "compile", end: { kind: "exited", exitCode: 0 }, usage }];
    run?.end({ kind: "signalled", signal: "SIGABRT" });
    await ended;
    await settle();
    const told = {
      stages: [
        { stage: "compile", status: "succeeded", wallMs: 20, cpuMs: 11, memoryPeakBytes: 9000 },
        { stage: "run", status: "killed", wallMs: 5, cpuMs: 3, memoryPeakBytes: 4096 },
      ],
      errors: [{ path: "main.c", line: 4, message: "main: Assertion `1 == 2' failed." }],
    };
    expect(await scene.service.find(ada, facts.id)).toMatchObject(told);
    expect(await scene.service.list(ada, PROJECT)).toMatchObject([told]);
    expect(scene.store.rows.get(facts.id)).toMatchObject(told);
    expect(scene.events.at(-1)?.event).toMatchObject({ type: "execution", execution: told });
  });

  it("[X4] 500 at once are all answered: accepted, or 429 with Retry-After", async () => {
    const scene = await createScene({ concurrency: 2, capacity: 30 });
    const answers = await Promise.allSettled(
      Array.from({ length: 500 }, (_, i) => scene.service.submit(actorNamed(`u${i % 50}`), helloRequest, interactive)),
    );
    const accepted = answers.filter((answer) => answer.status === "fulfilled");
    const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as Problem] : []));
    expect(accepted.length).toBe(32);
    expect(refused.length).toBe(468);
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(["execution/queue-full"]));
    expect(
      refused.every(({ extra }) => Number.isInteger(extra.retryAfterSeconds) && (extra.retryAfterSeconds ?? 0) >= 1),
    ).toBe(true);
    scene.provider.onRun = (run) => run.end({ kind: "exited", exitCode: 0 });
    for (const run of scene.provider.runs) run.end({ kind: "exited", exitCode: 0 });
    await Promise.all(accepted.map(({ value }) => value.ended));
    await settle();
    expect(scene.admission.running + scene.admission.waiting).toBe(0);
  });

  it("[X28] files that would not fit in memory are never opened, and who brought little still runs", async () => {
    const scene = await createScene({ capacity: 200, maxProgramBytes: 100 * MIB });
    const users = Array.from({ length: 40 }, (_, i) => actorNamed(`u${i}`));
    for (const user of users) scene.roles.set(user.userId, "owner");
    const large = { projectId: PROJECT, language: "python", entryPoint: "main.py" };
    // Of the size that a project has, and being read until the test lets them go.
    const opened = Promise.withResolvers<never>();
    let openedBytes = 0;
    scene.projects.sizeOf = async () => 100 * MIB;
    scene.projects.readAll = async (_actor, _projectId, { maxBytes }) => {
      if (maxBytes < 100 * MIB) throw new Problem("projects/too-large");
      openedBytes += 100 * MIB;
      return opened.promise;
    };
    const attempts: Promise<string | undefined>[] = [];
    const attempt = async (user = ada): Promise<void> => {
      attempts.push(codeOf(scene.service.submit(user, large, interactive)));
      await settle();
    };
    // Somebody with one project, as often as the plan lets wait.
    for (let n = 0; n < 68; n += 1) await attempt(users[0]);
    expect(openedBytes).toBe(200 * MIB);
    // Many with one each.
    for (const user of users.slice(1)) await attempt(user);
    expect(openedBytes).toBe(300 * MIB);
    await scene.service.submit(bob, helloRequest, interactive);
    opened.reject(new Problem("server/unavailable"));
    expect(new Set(await Promise.all(attempts))).toEqual(new Set(["execution/queue-full", "server/unavailable"]));
    await scene.service.close();
    expect(await Promise.all(scene.registry.unended().map(({ ended }) => ended))).toEqual([]);
  });

  it("[X28] memory is given back at the end and after a refusal, and a program that grew meanwhile is measured again", async () => {
    const scene = await createScene({ concurrency: 50, capacity: 200, maxProgramBytes: 100 * MIB });
    scene.roles.set(ada.userId, "owner");
    scene.provider.onRun = (run) => run.end({ kind: "exited", exitCode: 0 });
    const [file] = scene.project;
    if (file === undefined) throw new Error("no file");
    const large = { projectId: PROJECT, language: "python", entryPoint: "main.py" };
    scene.project[0] = { ...file, bytes: Buffer.alloc(20 * MIB) };
    // Pending edits become versions only when the files are read.
    let told = 2 * MIB;
    scene.projects.sizeOf = async () => (told += MIB);
    for (let round = 0; round < 12; round += 1) {
      expect(await codeOf(scene.service.submit(ada, { ...large, entryPoint: "none.py" }, interactive))).toBe(
        "execution/entry-point-missing",
      );
      const live = await scene.service.submit(ada, large, interactive);
      await live.ended;
    }
    expect(scene.opened.bytes).toBe(24 * 20 * MIB);
    expect(scene.lines.filter(({ event }) => event === "execution.unexpected")).toEqual([]);
  });

  it("[X60] a run that waits is data: no content of a project is kept, and what runs reads what was there", async () => {
    const scene = await createScene({ concurrency: 1, cacheBytes: 0 });
    scene.roles.set(ada.userId, "owner");
    scene.project.push(storedFile("lib/tool.py", "tool", 7));
    const request = { projectId: PROJECT, language: "python", entryPoint: "main.py", collect: ["**"] };
    await scene.service.submit(bob, helloRequest, interactive);
    const waiting = await scene.service.submit(ada, request, interactive);
    await settle();
    expect(scene.contents.storedBytes).toBe(Buffer.byteLength("print(1)"));
    // Newer versions come, and the old ones stay readable by their numbers.
    const seen = [...scene.project];
    scene.project.push(storedFile("main.py", "print(2)", 4));
    scene.provider.runs[0]?.stage("run");
    scene.provider.runs[0]?.end({ kind: "exited", exitCode: 0 });
    await settle();
    await settle();
    const job = scene.programs[1]?.job;
    expect(JSON.parse(JSON.stringify(job))).toEqual(job);
    expect(job).toMatchObject({ executionId: waiting.facts.id, userId: ada.userId, collect: ["**"] });
    expect(scene.opened.again).toEqual(["main.py", "lib/tool.py"]);
    expect(scene.provider.runs[1]?.job.files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])).toEqual(
      seen.map(({ entry, bytes }) => [entry.path, Buffer.from(bytes).toString()]),
    );
    expect(scene.contents.storedBytes).toBe(0);
  });

  it("[X60] a run that is cancelled while its files are read starts nothing", async () => {
    const scene = await createScene({ cacheBytes: 0 });
    scene.roles.set(ada.userId, "owner");
    const read = Promise.withResolvers<Uint8Array | undefined>();
    scene.projects.readPinned = () => read.promise;
    const request = { projectId: PROJECT, language: "python", entryPoint: "main.py" };
    const live = await scene.service.submit(ada, request, interactive);
    await settle();
    live.cancel();
    read.resolve(storedFile("main.py", "print(1)", 3).bytes);
    await settle();
    expect([live.snapshot({ output: false }).status, scene.provider.runs, scene.provider.disposed]).toEqual([
      "cancelled",
      [],
      1,
    ]);
  });

  it("[X60] a content that is not there any more ends the run as ours to answer for", async () => {
    const scene = await createScene({ cacheBytes: 0 });
    scene.roles.set(ada.userId, "owner");
    scene.projects.readPinned = async () => undefined;
    const request = { projectId: PROJECT, language: "python", entryPoint: "main.py" };
    const live = await scene.service.submit(ada, request, interactive);
    await live.ended;
    expect(live.snapshot({ output: false })).toMatchObject({ status: "system-error", startedAt: null });
    expect(scene.provider.runs).toEqual([]);
    await settle();
    expect([scene.provider.disposed, scene.admission.running]).toEqual([1, 0]);
  });

  it("[X5] the code hash is over the sorted hashes and paths", async () => {
    const scene = await createScene();
    scene.roles.set(ada.userId, "owner");
    scene.project.unshift(storedFile("z/b.py", "two"));
    const live = await scene.service.submit(
      ada,
      { projectId: PROJECT, language: "py", entryPoint: "main.py" },
      interactive,
    );
    const sha = (text: string): string => createHash("sha256").update(text).digest("hex");
    expect(live.facts.codeHash).toBe(sha(`${sha("print(1)")}  main.py\n${sha("two")}  z/b.py\n`));
    expect(live.facts.runtime).toEqual({ id: "python", version: "3.13.5" });
  });

  it.each([
    [{ language: "klingon" }, "execution/no-such-language"],
    [{ entryPoint: "other.py" }, "execution/entry-point-missing"],
    [{ args: ["\ud800"] }, "request/invalid"],
    [{ args: Array<string>(20).fill("x".repeat(30_000)) }, "request/invalid"],
    [{ env: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`V${i}`, ""])) }, "request/invalid"],
    [{ files: [{ path: "main.py", content: "!", encoding: "base64" as const }] }, "projects/content-invalid"],
    [{ files: [{ path: "main.py", content: "a\udc00" }] }, "projects/content-invalid"],
    [{ stdin: "\ud83d" }, "request/invalid"],
    [{ files: [...helloRequest.files, ...helloRequest.files] }, "request/invalid"],
    [{ files: [{ path: "main.py/x", content: "" }, ...helloRequest.files] }, "request/invalid"],
    [{ files: [{ path: "main.py", content: "x".repeat(1_048_577) }] }, "projects/too-large"],
  ])("a request with %j is refused and takes no slot", async (change, code) => {
    const scene = await createScene();
    expect(await codeOf(scene.service.submit(ada, { ...helloRequest, ...change }, interactive))).toBe(code);
    expect(scene.admission.waiting + scene.admission.running).toBe(0);
  });

  it("[X6] without a provider only running is refused, with the reason", async () => {
    const scene = await createScene({ unavailable: "No sandbox here." });
    await expect(scene.service.submit(ada, helloRequest, interactive)).rejects.toMatchObject({
      code: "execution/unavailable",
      detail: "No sandbox here.",
    });
  });

  it("a row that can't be written ends the run and is told", async () => {
    const scene = await createScene();
    scene.store.failing = true;
    expect(await codeOf(scene.service.submit(ada, helloRequest, interactive))).toBe("server/unavailable");
    await settle();
    expect(scene.admission.running).toBe(0);
    expect(scene.registry.unended()).toEqual([]);
  });

  it("an end is recorded again until the database takes it", async () => {
    const scene = await createScene();
    const live = await scene.service.submit(ada, helloRequest, interactive);
    await settle();
    scene.store.failing = true;
    scene.provider.runs[0]?.end({ kind: "exited", exitCode: 3 });
    await settle();
    scene.manual.advance(250);
    await settle();
    scene.store.failing = false;
    scene.manual.advance(1000);
    await settle();
    expect(scene.store.rows.get(live.facts.id)).toMatchObject({ status: "failed", exitCode: 3 });
  });

  it("[X13] closing refuses new executions and cancels running and waiting ones", async () => {
    const scene = await createScene({ concurrency: 1 });
    const running = await scene.service.submit(ada, helloRequest, interactive);
    const waiting = await scene.service.submit(ada, helloRequest, interactive);
    await settle();
    await scene.service.close();
    expect([running, waiting].map((live) => scene.store.rows.get(live.facts.id)?.status)).toEqual([
      "cancelled",
      "cancelled",
    ]);
    expect(await codeOf(scene.service.submit(ada, helloRequest, interactive))).toBe("server/stopping");
  });

  it("[X20] the log has one line per execution, without code, arguments or output", async () => {
    const scene = await createScene();
    await scene.service.submit(ada, { ...helloRequest, args: ["se-cret"], stdin: "se-cret" }, interactive);
    await settle();
    scene.provider.runs[0]?.output("stdout", "se-cret");
    scene.provider.runs[0]?.end({ kind: "exited", exitCode: 0 });
    await settle();
    const ended = scene.lines.filter(({ event }) => event === "execution.ended");
    expect(ended).toHaveLength(1);
    expect(ended[0]?.fields).toMatchObject({ userId: ada.userId, language: "python", status: "succeeded", cpuMs: 3 });
    expect(JSON.stringify(scene.lines)).not.toMatch(/se-cret|print\(1\)/u);
  });
});
