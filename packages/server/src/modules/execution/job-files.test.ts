/** Contents of runs' files: bounded in memory, read again by reference, and never another content than the one that was admitted. */
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { createContentCache } from "./content-cache.ts";
import { createJobFiles } from "./job-files.ts";
import type { JobFile, RunJob } from "./run-job.ts";

const MIB = 1_048_576;
const PROJECT = "the project";
const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const fileOf = (path: string, bytes: Uint8Array, ref: JobFile["ref"]): JobFile => ({
  path,
  hash: hashOf(bytes),
  size: bytes.byteLength,
  executable: false,
  ref,
});
const versionOf = (fileId: string): JobFile["ref"] => ({ at: "project", projectId: PROJECT, fileId, version: 1 });

const jobOf = (executionId: string, files: readonly JobFile[], userId = "ada"): RunJob => ({
  executionId,
  userId,
  files,
  run: { argv: ["x"], env: {}, limits: {} as RunJob["run"]["limits"] },
});

/** Contents of a project, by the ids of their files, and what was read of them. */
const openProject = (contents: Record<string, Uint8Array>) => {
  const reads: string[] = [];
  return {
    reads,
    contents,
    async readPinned(projectId: string, fileId: string, version: number) {
      reads.push(`${projectId} ${fileId} ${version}`);
      return contents[fileId];
    },
  };
};

it("[X60] the cache has the most recently used contents within its bound, and none that is large", () => {
  const cache = createContentCache(100);
  for (const name of ["a", "b", "c", "d"]) cache.put(name, Buffer.alloc(25, name));
  cache.get("a");
  cache.put("e", Buffer.alloc(25, "e"));
  cache.put("a", Buffer.alloc(25, "a"));
  cache.put("large", Buffer.alloc(26));
  expect(["a", "b", "c", "d", "e", "large"].filter((name) => cache.get(name) !== undefined)).toEqual([
    "a",
    "c",
    "d",
    "e",
  ]);
  expect(cache.bytes).toBe(100);
});

it("[X60] a project's file is read again where the cache has lost it, and not where it has it", async () => {
  const bytes = Buffer.from("print(1)");
  const project = openProject({ main: bytes });
  const file = fileOf("main.py", bytes, versionOf("main"));
  for (const [cacheBytes, reads] of [
    [MIB, []],
    [0, ["the project main 1"]],
  ] as const) {
    const files = createJobFiles(project, cacheBytes);
    files.add("run", [file], [bytes]);
    const loaded = await files.load(jobOf("run", [file]));
    expect(loaded.files).toEqual([{ path: "main.py", hash: file.hash, bytes, executable: false }]);
    expect(project.reads).toEqual(reads);
    loaded.release();
    expect(loaded.files).toEqual([]);
  }
});

it("[X60] another content under the same version, or none, is refused", async () => {
  const project = openProject({ main: Buffer.from("print(2)") });
  const files = createJobFiles(project, 0);
  const changed = fileOf("main.py", Buffer.from("print(1)"), versionOf("main"));
  const gone = fileOf("gone.py", Buffer.from("x"), versionOf("gone"));
  await expect(files.load(jobOf("run", [changed]))).rejects.toThrow("main.py is not there");
  await expect(files.load(jobOf("run", [gone]))).rejects.toThrow("gone.py is not there");
});

it("[X60] what a request brought is kept for its run until it is forgotten", async () => {
  const bytes = Buffer.from("print(1)");
  const files = createJobFiles(openProject({}), 0);
  const file = fileOf("main.py", bytes, { at: "request" });
  files.add("run", [file], [bytes]);
  expect((await files.load(jobOf("run", [file]))).files).toHaveLength(1);
  await expect(files.load(jobOf("another", [file]))).rejects.toThrow("main.py is not there");
  files.forget("run");
  expect(files.storedBytes).toBe(0);
  await expect(files.load(jobOf("run", [file]))).rejects.toThrow("main.py is not there");
});

it("[X28] large programs wait for memory on their way into sandboxes, small ones do not", async () => {
  // Views of the same memory, which the test has only once.
  const bytes = Buffer.alloc(100 * MIB);
  const hash = hashOf(bytes);
  const files = createJobFiles(openProject({ main: bytes }), 0);
  const large = { path: "main.py", hash, size: bytes.byteLength, executable: false, ref: versionOf("main") };
  const first = await files.load(jobOf("one", [large]));
  let isLoaded = false;
  const second = files.load(jobOf("two", [large])).then((loaded) => {
    isLoaded = true;
    return loaded;
  });
  const small = fileOf("small.py", Buffer.from("x"), { at: "request" });
  files.add("small", [small], [Buffer.from("x")]);
  expect((await files.load(jobOf("small", [small]))).files).toHaveLength(1);
  expect(isLoaded).toBe(false);
  first.release();
  (await second).release();
  expect(isLoaded).toBe(true);
});
