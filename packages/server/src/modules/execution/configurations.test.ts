import { Problem } from "#kernel/problem";
import { describe, expect, it } from "vitest";
import { actorNamed, createScene, PROJECT, settle, storedFile, type Scene } from "./execution-fixture.ts";

const ada = actorNamed("ada");
const interactive = { interactive: true };
const refusalOf = async (work: Promise<unknown>): Promise<string> => {
  const [settled] = await Promise.allSettled([work]);
  if (settled.status === "fulfilled") return "nothing";
  return settled.reason instanceof Problem
    ? `${settled.reason.code}: ${settled.reason.message}`
    : String(settled.reason);
};

const sceneWith = async (files: Record<string, string>): Promise<Scene> => {
  const scene = await createScene({ maxProgramBytes: 4_194_304 });
  scene.roles.set(ada.userId, "owner");
  scene.project.splice(0);
  for (const [path, text] of Object.entries(files)) scene.project.push(storedFile(path, text));
  return scene;
};
const start = async (scene: Scene, more: object) => {
  const live = await scene.service.submit(ada, { projectId: PROJECT, ...more }, interactive);
  await settle();
  return live;
};
const atelier = (run: object): Record<string, string> => ({ "atelier.json": JSON.stringify({ run }) });

describe("run configurations", () => {
  it("[X61] are listed for who may see the project, and only files that say something are read", async () => {
    const scene = await sceneWith({
      "package.json": '{"scripts":{"start":"node a.js"}}',
      "a.js": "1",
      "big.bin": "x".repeat(5000),
    });
    const listed = await scene.service.configurations(ada, PROJECT);
    expect(listed).toEqual([
      expect.objectContaining({ name: "npm start", kind: "run", inferred: true, languages: ["javascript"] }),
    ]);
    expect(scene.opened.bytes).toBeLessThan(100);
    const stranger = actorNamed("eve");
    expect(await refusalOf(scene.service.configurations(stranger, PROJECT))).toMatch(/^projects\/no-such-project/u);
  });

  it("[X61] one is started by its name, with what the request says instead", async () => {
    const scene = await sceneWith({
      ...atelier({
        name: "mine",
        command: "make x",
        compile: "make all",
        args: ["one"],
        env: { A: "1", B: "2" },
        stdin: "in",
      }),
    });
    const live = await start(scene, { configuration: "mine" });
    expect(scene.programs[0]?.job).toMatchObject({
      compile: { steps: [["/bin/bash", "-c", "make all", "bash"]], env: { A: "1", B: "2" } },
      run: { argv: ["/bin/bash", "-c", 'make x "$@"', "bash", "one"], env: { A: "1", B: "2" } },
    });
    expect(scene.programs[0]?.kind.blueprint).not.toHaveProperty("warmUp");
    expect(live.snapshot({ output: false })).toMatchObject({
      configuration: "mine",
      language: "c",
      entryPoint: "atelier.json",
      args: ["one"],
    });
    expect([...scene.store.rows.values()][0]).toMatchObject({ configuration: "mine" });
    await start(scene, { configuration: "mine", args: [], env: { B: "3" }, stdin: "" });
    expect(scene.programs[1]?.job.run).toMatchObject({
      argv: ["/bin/bash", "-c", "make x", "bash"],
      env: { A: "1", B: "3" },
    });
  });

  it("[X61] one of a language runs as its file does, in a waiting interpreter", async () => {
    const scene = await sceneWith({
      ...atelier({ name: "py", language: "python", entryPoint: "a.py", args: ["x"] }),
      "a.py": "1",
    });
    await start(scene, { configuration: "py" });
    await start(scene, { language: "python", entryPoint: "a.py", args: ["x"] });
    expect(scene.programs[0]?.job.run).toEqual(scene.programs[1]?.job.run);
    expect(scene.programs[0]?.kind).toEqual(scene.programs[1]?.kind);
  });

  it("[X61] the input is a text or a file, the request's before the configuration's", async () => {
    const scene = await sceneWith({
      ...atelier({ name: "cat", command: "cat", stdin: { file: "in.txt" } }),
      "in.txt": "from a file",
      "other.txt": "from another",
      "large.txt": "x".repeat(1_048_577),
    });
    const typed = async (more: object): Promise<string> => {
      const at = scene.provider.runs.length;
      await start(scene, { configuration: "cat", ...more });
      const run = scene.provider.runs[at];
      run?.stage("run");
      await settle();
      const text = run?.stdin.map((chunk) => Buffer.from(chunk).toString()).join("") ?? "";
      expect(run?.events).toContain("stdin-end");
      run?.end({ kind: "exited", exitCode: 0 });
      await settle();
      return text;
    };
    expect(await typed({})).toBe("from a file");
    expect(await typed({ stdin: "typed" })).toBe("typed");
    expect(await typed({ stdinFile: "other.txt" })).toBe("from another");
    expect(await refusalOf(start(scene, { configuration: "cat", stdinFile: "none.txt" }))).toMatch(
      /^request\/invalid: There is no file/u,
    );
    expect(await refusalOf(start(scene, { configuration: "cat", stdinFile: "large.txt" }))).toMatch(
      /^request\/invalid: .*larger/u,
    );
  });

  it("[X61] a name that is not there, or that can't run, is refused in one line, and leaves nothing", async () => {
    const scene = await sceneWith({
      "package.json": '{"scripts":{"start":"vite"},"devDependencies":{"vite":"8"}}',
      ...atelier({ name: "broken", command: 3 }),
    });
    expect(await refusalOf(start(scene, { configuration: "nothing" }))).toMatch(
      /^execution\/no-such-configuration: .*"nothing"/u,
    );
    expect(await refusalOf(start(scene, { configuration: "npm start" }))).toMatch(
      /^execution\/configuration-unavailable: "npm start" can't run here: needs packages vite; packages are not installed yet\.$/u,
    );
    expect(await refusalOf(start(scene, { configuration: "run" }))).toMatch(
      /^execution\/configuration-unavailable: .*atelier\.json, line 1/u,
    );
    expect(scene.admission.running + scene.admission.waiting).toBe(0);
    expect(scene.store.rows.size).toBe(0);
  });

  it("[X62] the images of several languages are layers of one root, each once", async () => {
    const scene = await sceneWith(atelier({ name: "both", command: "true", languages: ["python", "c", "bash"] }));
    const { sandbox, parts } = scene.catalog.compose(["python", "c", "bash"]);
    expect(sandbox.kind().blueprint.mounts.layers).toEqual(["/image"]);
    expect(parts.map(({ declaration }) => declaration.id)).toEqual(["python", "c", "bash"]);
    expect(scene.catalog.compose([]).parts.map(({ declaration }) => declaration.id)).toEqual(["bash"]);
    const live = await start(scene, { configuration: "both" });
    expect(live.snapshot({ output: false }).language).toBe("python");
  });

  it("[X62] arguments and variables of a configuration have the limits of a request's", async () => {
    const scene = await sceneWith(atelier({ name: "large", command: "true", env: { A: "x".repeat(30_000) } }));
    const env = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`B${i}`, "x".repeat(32_000)]));
    expect(await refusalOf(start(scene, { configuration: "large" }))).toBe("nothing");
    expect(await refusalOf(start(scene, { configuration: "large", env }))).toMatch(/^request\/invalid/u);
  });
});
