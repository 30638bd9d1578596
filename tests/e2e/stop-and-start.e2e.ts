/** Ctrl-C in a terminal, the terminal's end, or npm's end while edits are pending: all edits are written, and no process stays. */
import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pty from "@lydell/node-pty";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, signInAsGuest } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { mountsNaming, cgroupsOf, processesNaming } from "../support/leftovers.ts";
import { freePort, startServer } from "../support/server.ts";
import { openStockClient } from "../support/stock-client.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** `npm start`'s script in a terminal of its own, listening. */
const startInTerminal = async (dataDir: string) => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  let screen = "";
  const terminal = pty.spawn(process.execPath, [join(ROOT, "scripts/start.mjs")], {
    cwd: ROOT,
    cols: 100,
    rows: 30,
    env: { ...process.env, PORT: String(port), HOST: "127.0.0.1", DATA_DIR: dataDir },
  });
  terminal.onData((data) => (screen += data));
  const exit = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  const listening = async (): Promise<void> => {
    const answer = await fetch(`${origin}/healthz`).catch(() => undefined);
    if (answer?.ok !== true) throw new Error(`not listening:\n${screen}`);
  };
  await eventually(listening, 90_000);
  return { terminal, port, origin, exit, screen: () => screen };
};

/** Types 200 lines into a new file: they have reached the server, far too lately for the two-second checkpoint. */
const typePending = async (client: Client) => {
  const project = await client.createProject({ name: "pending" });
  const file = await client.createFile(project.id, "notes.txt", "start\n");
  const typist = await openStockClient(client, { projectId: project.id, fileId: file.id });
  const { text } = typist;
  for (let n = 0; n < 200; n++) text.insert(text.length, `line ${n}\n`);
  await typist.roundTrip();
  return { projectId: project.id, text: text.toString(), [Symbol.dispose]: () => typist[Symbol.dispose]() };
};

describe("a server in a terminal", () => {
  let dataDir = "";
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "atelier-terminal-"));
    await chmod(dataDir, 0o711);
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const nothingIsLeft = async (): Promise<void> => {
    expect(await processesNaming(dataDir)).toEqual([]);
    expect(await mountsNaming(dataDir)).toEqual([]);
    expect(await cgroupsOf(dataDir)).toEqual([]);
  };

  it(
    "drains at ^C, leaves no process, mount or cgroup, and keeps the edits that were pending",
    { timeout: 120_000 },
    async () => {
      const { terminal, port, origin, exit, screen } = await startInTerminal(dataDir);
      const client = await signInAsGuest(origin);
      const pending = await typePending(client);
      // The same look must find something while the server runs, or it would find nothing in any case.
      expect(await processesNaming(dataDir)).not.toEqual([]);
      // An ordinary user's sandboxes have neither mounts nor cgroups of their own on the host.
      const held = [...(await cgroupsOf(dataDir)), ...(await mountsNaming(dataDir))].length;
      expect(held > 0 || process.getuid?.() !== 0).toBe(true);
      pending[Symbol.dispose]();
      terminal.write("\u0003");
      const code = await exit;

      expect(code, screen()).toBe(0);
      expect(screen()).toMatch(/Stopping: .*\r\nStopped\.\r\n$/su);
      await nothingIsLeft();

      await using again = await startServer({ dataDir, port });
      expect(again.origin).toBe(origin);
      expect((await client.readFile(pending.projectId, "notes.txt")).content).toBe(pending.text);
    },
  );

  it(
    "ends when the npm that runs it gets a signal or is killed, and leaves nothing",
    { timeout: 120_000 },
    async () => {
      // npm forwards SIGTERM as it does SIGINT; no shell is between it and the script.
      const signals = ["SIGINT", "SIGKILL"] as const;
      await Promise.all(
        signals.map(async (signal) => {
          const own = join(dataDir, signal);
          await mkdir(own, { mode: 0o711 });
          const port = await freePort();
          const env = { PORT: String(port), HOST: "127.0.0.1", DATA_DIR: own, SANDBOX: "namespaces" };
          const npm = spawn("npm", ["start"], {
            cwd: ROOT,
            env: { ...process.env, ...env },
            detached: true,
            stdio: "ignore",
          });
          await eventually(async () => {
            const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
            expect(answer?.ok).toBe(true);
          }, 90_000);
          expect((await processesNaming(own)).length).toBeGreaterThan(3);
          npm.kill(signal);
          await eventually(async () => expect(await processesNaming(own)).toEqual([]), 30_000);
        }),
      );
      await nothingIsLeft();
    },
  );

  it("drains as well when its window is closed", { timeout: 120_000 }, async () => {
    const { terminal, port, origin, exit } = await startInTerminal(dataDir);
    const client = await signInAsGuest(origin);
    const pending = await typePending(client);
    pending[Symbol.dispose]();
    // Closes the terminal's other end too: writing to it from now on is an error.
    (terminal as unknown as { destroy(): void }).destroy();
    await exit;
    await eventually(nothingIsLeft, 30_000);

    await using again = await startServer({ dataDir, port });
    expect(again.origin).toBe(origin);
    expect((await client.readFile(pending.projectId, "notes.txt")).content).toBe(pending.text);
  });
});
