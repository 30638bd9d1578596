/** A running server when the disk is full or the database stops: what still works, its messages, and that no acknowledged edit is lost. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SocketClient } from "../../packages/server/src/modules/collaboration/test-socket-client.ts";
import { ApiError, type Client, signInAsGuest } from "../support/client.ts";
import { startServer } from "../support/server.ts";

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const MIB = 1_048_576;
/** The server stops writing when less than 128 MiB of the disk are free. */
const LEFT_BYTES = 100 * MIB;
const PATIENCE = { timeout: 40_000, interval: 100 };

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof ApiError ? String((error.body as { code?: string }).code) : "no answer"),
  );

/** A document with one editor that knows what was acknowledged. */
const openDocument = async (client: Client) => {
  const project = await client.createProject({ name: "faults" });
  const file = await client.createFile(project.id, "live.txt", "");
  await client.createFile(project.id, "plain.txt", "plain 0");
  const connect = () => new SocketClient(client.openSocket(`/collaborate/${project.id}/${file.id}?v=1`));
  const editor = connect();
  await vi.waitFor(() => expect(editor.isSynced).toBe(true), PATIENCE);
  return { project, editor, connect };
};

describe("faults of a running server", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "atelier-running-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it.runIf(isRoot)(
    "a full disk: reading works, saving says so, and it goes on by itself",
    { timeout: 240_000 },
    async () => {
      await run("mount", ["-t", "tmpfs", "-o", "size=420m,mode=711", "tmpfs", folder]);
      try {
        await using server = await startServer({ dataDir: folder });
        const client = await signInAsGuest(server.origin);
        const { project, editor, connect } = await openDocument(client);
        editor.insert(0, "before, ");
        await vi.waitFor(() => expect(editor.saved).toBe(editor.sent), PATIENCE);
        expect((await client.putFile(project.id, "plain.txt", "plain 1")).version).toBe(2);

        const { bavail, bsize } = await statfs(folder);
        await writeFile(join(folder, "ballast"), Buffer.alloc(bavail * bsize - LEFT_BYTES));
        // Until the server has noticed, saves go on; the last one that was acknowledged is the one to be read.
        let acknowledged = { content: "plain 1", version: 2 };
        await vi.waitFor(async () => {
          const content = `plain ${performance.now()}`;
          const code = await codeOf(
            client
              .putFile(project.id, "plain.txt", content)
              .then(({ version }) => (acknowledged = { content, version })),
          );
          expect(code).toBe("server/storage-full");
        }, PATIENCE);
        expect(await client.readFile(project.id, "plain.txt")).toMatchObject(acknowledged);
        editor.insert(0, "meanwhile, ");
        await vi.waitFor(() => expect(editor.durability.at(-1)).toBe(false), PATIENCE);
        expect(editor.saved).toBe(editor.sent - 1);
        // Never an older text passed off as the newest.
        expect(await codeOf(client.readFile(project.id, "live.txt"))).toBe("collaboration/document-unavailable");
        const reader = connect();
        await vi.waitFor(() => expect(reader.text).toBe("meanwhile, before, "), PATIENCE);

        await rm(join(folder, "ballast"));
        await vi.waitFor(() => expect([editor.saved, editor.durability.at(-1)]).toEqual([editor.sent, true]), PATIENCE);
        expect((await client.readFile(project.id, "live.txt")).content).toBe("meanwhile, before, ");
        expect((await client.putFile(project.id, "plain.txt", "afterwards")).version).toBe(acknowledged.version + 1);
        editor.socket.close();
        reader.socket.close();
      } finally {
        await run("umount", [folder]);
      }
    },
  );

  it(
    "a database killed again and again: saves are refused until it is back, and every acknowledged one is there",
    { timeout: 240_000 },
    async () => {
      await using server = await startServer();
      const client = await signInAsGuest(server.origin);
      const { project, editor, connect } = await openDocument(client);
      const database = async (): Promise<number> =>
        Number((await readFile(join(server.dataDir, "postgres/data/postmaster.pid"), "utf8")).split("\n")[0]);
      expect(await readdir(join(server.dataDir, "postgres"))).toContain("data");

      let going = true;
      let version = 1;
      const refusals = new Set<string>();
      const saving = (async () => {
        for (let n = 0; going; n += 1) {
          const code = await codeOf(
            client.putFile(project.id, "plain.txt", `plain ${n}`).then((saved) => (version = saved.version)),
          );
          if (code !== "done") refusals.add(code);
          editor.insert(0, `${n},`);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      })();
      for (let kill = 0; kill < 3; kill += 1) {
        const before = version;
        await vi.waitFor(() => expect(version).toBeGreaterThan(before + 10), PATIENCE);
        process.kill(await database(), "SIGKILL");
        await vi.waitFor(() => expect(editor.durability.at(-1)).toBe(false), PATIENCE);
        await vi.waitFor(
          () => expect([editor.saved, editor.durability.at(-1)]).toEqual([expect.any(Number), true]),
          PATIENCE,
        );
      }
      const last = version;
      await vi.waitFor(() => expect(version).toBeGreaterThan(last + 5), PATIENCE);
      going = false;
      await saving;
      await vi.waitFor(() => expect(editor.saved).toBe(editor.sent), PATIENCE);

      // What the answers said, and nothing in between is missing: a save of unknown outcome is there or not.
      expect([...refusals].filter((code) => code !== "server/unavailable")).toEqual([]);
      expect(refusals.size).toBe(1);
      const stored = await client.readFile(project.id, "plain.txt");
      expect(stored.version).toBeGreaterThanOrEqual(version);
      expect((await client.readFile(project.id, "live.txt")).content).toBe(editor.text);
      const reader = connect();
      await vi.waitFor(() => expect(reader.text).toBe(editor.text), PATIENCE);
      expect(editor.closeCode).toBeUndefined();
      editor.socket.close();
      reader.socket.close();
    },
  );
});
