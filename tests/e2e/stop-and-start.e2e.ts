/** Ctrl-C in a real terminal while edits are pending: everything drains, nothing is left, nothing is lost. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pty from "@lydell/node-pty";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signInAsGuest } from "../support/client.ts";
import { mountsNaming, cgroupsOf, processesNaming } from "../support/leftovers.ts";
import { freePort, startServer } from "../support/server.ts";
import { openStockClient } from "../support/stock-client.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("a server in a terminal", () => {
  let dataDir = "";
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "atelier-terminal-"));
    await chmod(dataDir, 0o711);
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  it(
    "drains at ^C, leaves no process, mount or cgroup, and keeps the edits that were pending",
    { timeout: 120_000 },
    async () => {
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

      const deadline = Date.now() + 90_000;
      while (
        !(await fetch(`${origin}/healthz`).then(
          (answer) => answer.ok,
          () => false,
        ))
      ) {
        if (Date.now() > deadline) throw new Error(`not listening:\n${screen}`);
        await delay(100);
      }
      const client = await signInAsGuest(origin);
      const project = await client.createProject({ name: "pending" });
      const file = await client.createFile(project.id, "notes.txt", "start\n");
      const typist = await openStockClient(client, { projectId: project.id, fileId: file.id });
      const { text } = typist;
      for (let n = 0; n < 200; n++) text.insert(text.length, `line ${n}\n`);
      // Long enough to reach the server, far too short for the two-second checkpoint.
      await delay(150);
      const before = text.toString();
      // The same look must find something while the server runs, or it would find nothing in any case.
      expect(await processesNaming(dataDir)).not.toEqual([]);
      expect([...(await cgroupsOf(dataDir)), ...(await mountsNaming(dataDir))].length).toBeGreaterThan(0);
      typist[Symbol.dispose]();
      terminal.write("\u0003");
      const code = await exit;

      expect(code, screen).toBe(0);
      expect(await processesNaming(dataDir)).toEqual([]);
      expect(await mountsNaming(dataDir)).toEqual([]);
      expect(await cgroupsOf(dataDir)).toEqual([]);

      await using again = await startServer({ dataDir, port });
      expect(again.origin).toBe(origin);
      expect((await client.readFile(project.id, "notes.txt")).content).toBe(before);
    },
  );
});
