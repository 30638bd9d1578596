/** What can be wrong at a start: one clear line, exit 1, nothing damaged. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTestDatabase } from "../../packages/server/src/platform/sql/test-database.ts";
import { freePort, startServer } from "../support/server.ts";
import { signInAsGuest } from "../support/client.ts";
import { processesNaming } from "../support/leftovers.ts";
import { findDatabase } from "../support/orphaned-database.ts";

const MAIN = fileURLToPath(new URL("../../packages/server/src/main.ts", import.meta.url));
const isRoot = process.getuid?.() === 0;

/** A shell's line that runs the rest of its arguments where its first one is a disk of 12 MiB, which only they see. */
const smallDisk = 'folder=$1; shift; mount -t tmpfs -o size=12m,mode=711 tmpfs "$folder" && exec "$@"';
/** The words before a command that give it such a disk; an ordinary user is root for the moment that mounting takes. */
const onSmallDisk = (folder: string): string[] => {
  const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()];
  const back = isRoot ? [] : ["unshare", "--user", `--map-user=${uid}`, `--map-group=${gid}`, "--"];
  const own = isRoot ? ["--mount"] : ["--user", "--map-root-user", "--mount"];
  return ["unshare", ...own, "--", "sh", "-c", smallDisk, "sh", folder, ...back];
};

/** The words before a command whose rights are an ordinary user's: root loses those that pass over what a folder allows. */
const withoutOverride = isRoot
  ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search", "--"]
  : [];

/** Starts the server and waits for its end. @param before words before the command */
const startAndFail = async (
  env: Record<string, string>,
  before: readonly string[] = [],
): Promise<{ code: number | null; errors: string[] }> => {
  const [program, ...words] = [...before, process.execPath, MAIN];
  const child = spawn(program, words, {
    env: { ...process.env, HOST: "127.0.0.1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
  child.stdout.resume();
  const late = setTimeout(() => child.kill("SIGKILL"), 60_000);
  await once(child, "close");
  clearTimeout(late);
  const errors = stderr.split("\n").filter((text) => text.trim() !== "");
  return { code: child.exitCode, errors };
};

describe("a start that can't be", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "atelier-fault-"));
    await chmod(folder, 0o711);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("names a port that is in use", { timeout: 90_000 }, async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? String(address.port) : "";
    const { code, errors } = await startAndFail({ DATA_DIR: folder, PORT: port });
    taken.close();
    expect(code).toBe(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(port);
    expect(errors[0]).toMatch(/in use/iu);
  });

  it("refuses a second server on one data folder, and the first continues", { timeout: 120_000 }, async () => {
    await using first = await startServer({ dataDir: folder });
    const client = await signInAsGuest(first.origin);
    const project = await client.createProject({ name: "first" });
    const { code, errors } = await startAndFail({
      DATA_DIR: folder,
      PORT: String(await freePort()),
    });
    expect(code).toBe(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(folder);
    await client.createFile(project.id, "still.txt", "here");
    expect((await client.readFile(project.id, "still.txt")).content).toBe("here");

    // What a test's killed server leaves, its disposal ends: the database, and nothing that has only its number.
    const database = await findDatabase(folder);
    await first.crash();
    expect([database, await findDatabase(folder)]).toEqual([expect.any(Number), database]);
    await first[Symbol.asyncDispose]();
    expect(await processesNaming(folder)).toEqual([]);
    const stranger = spawn("sleep", ["60"], { stdio: "ignore" });
    for (const pid of [stranger.pid, database]) {
      await writeFile(join(folder, "postgres/data/postmaster.pid"), `${pid}\n`);
      await first[Symbol.asyncDispose]();
    }
    expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
    stranger.kill("SIGKILL");
  });

  it(
    "refuses a second server on one database; the next one takes over from a killed one",
    { timeout: 180_000 },
    async () => {
      await using database = await openTestDatabase();
      const env = { DATABASE_URL: database.adminUrl, SECRET_KEY: "a key that both of them have, 32 characters" };
      const other = await mkdtemp(join(tmpdir(), "atelier-fault-"));
      try {
        await using first = await startServer({ dataDir: folder, env });
        const client = await signInAsGuest(first.origin);
        const { code, errors } = await startAndFail({ DATA_DIR: other, PORT: String(await freePort()), ...env });
        expect(code).toBe(1);
        expect(errors).toEqual([expect.stringMatching(/^Another server is using the database of DATABASE_URL: /u)]);
        expect(errors.join()).not.toContain(database.adminUrl);
        expect((await client.createProject({ name: "the first goes on" })).id).toBeTruthy();
        await first.crash();
        await using second = await startServer({ dataDir: other, env });
        expect((await signInAsGuest(second.origin)).user.id).toBeTruthy();
      } finally {
        await rm(other, { recursive: true, force: true });
      }
    },
  );

  it("names a data folder that can't be created or written", { timeout: 60_000 }, async () => {
    const file = join(folder, "a-file");
    await writeFile(file, "");
    const { code, errors } = await startAndFail({
      DATA_DIR: join(file, "data"),
      PORT: String(await freePort()),
    });
    expect(code).toBe(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(join(file, "data"));
  });

  it.each(["", "data"])("names a data folder without the right to write it: …/closed/%s", async (below) => {
    const closed = join(folder, "closed");
    await mkdir(closed, { mode: 0o555 });
    const env = { DATA_DIR: join(closed, below), PORT: String(await freePort()) };
    const { code, errors } = await startAndFail(env, withoutOverride);
    expect(code).toBe(1);
    expect(errors).toEqual([
      `The data folder ${env.DATA_DIR} can't be created or written (EACCES): set DATA_DIR to a writable one.`,
    ]);
    expect(await readdir(closed)).toEqual([]);
  });

  it("reports that the disk is full", { timeout: 90_000 }, async () => {
    const env = { DATA_DIR: folder, PORT: String(await freePort()) };
    const { code, errors } = await startAndFail(env, onSmallDisk(folder));
    expect(code).toBe(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/full|no space/iu);
  });

  it("prints every wrong setting at once", { timeout: 60_000 }, async () => {
    const { code, errors } = await startAndFail({
      DATA_DIR: folder,
      PORT: "ninety",
      GUESTS: "perhaps",
    });
    expect(code).toBe(1);
    const text = errors.join("\n");
    expect(text).toContain("PORT");
    expect(text).toContain("GUESTS");
  });
});
