/** The namespaces tier when its tool cannot be started: only the boot fails. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { silentLog } from "#kernel/log";
import { findResidue } from "../contract/harness.ts";
import type { SandboxBlueprint, SandboxProvider } from "../ports.ts";
import { SandboxUnavailable } from "../sandbox-unavailable.ts";
import { createBubblewrapProvider } from "./bubblewrap.ts";

const folder = mkdtempSync(join(tmpdir(), "atelier-start-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Replaces init's `launch`: executes the tool at once, without cgroups and disks. */
const writeProgram = (name: string, script: string, mode = 0o755): string => {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode });
  return path;
};
const becomesTool = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"';
const blueprint: SandboxBlueprint = {
  mounts: { layers: ["/"] },
  network: "none",
  lifetime: "run",
  memoryBytes: 64 << 20,
  diskBytes: 8 << 20,
  diskInodes: 256,
};
const warmUpFolder = join(folder, "languages");
mkdirSync(warmUpFolder);

test("a failed spawn fails the boot and does not end the server", async () => {
  const initPath = writeProgram("init-without-right", "", 0o644);
  const stateFolder = join(folder, "no-right");
  // A process group of its own: the fault was that the whole group was killed.
  const server = spawn(
    process.execPath,
    [
      "--input-type=module",
      "--eval",
      `import { createBubblewrapProvider } from ${JSON.stringify(join(import.meta.dirname, "bubblewrap.ts"))};
       const log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
       const [initPath, warmUpFolder, stateFolder, blueprint] = process.argv.slice(1);
       const provider = createBubblewrapProvider({ bwrap: "bwrap", initPath, warmUpFolder, stateFolder, log });
       await provider.boot(JSON.parse(blueprint)).catch(({ name, message }) => console.log(name, message));
       await provider[Symbol.asyncDispose]();`,
      initPath,
      warmUpFolder,
      stateFolder,
      JSON.stringify(blueprint),
    ],
    { stdio: ["ignore", "pipe", "inherit"], detached: true },
  );
  const [said] = await Promise.all([text(server.stdout), once(server, "exit")]);
  expect({ code: server.exitCode, signal: server.signalCode }).toEqual({ code: 0, signal: null });
  expect(said).toMatch(/^SandboxUnavailable .*init-without-right cannot be started: .*EACCES/u);
  expect(findResidue(stateFolder)).toEqual([]);
});

/** A provider whose tool never reports. */
const openSilent = (stateFolder: string): SandboxProvider =>
  createBubblewrapProvider({
    bwrap: writeProgram("bwrap", "exec sleep 1000"),
    initPath: writeProgram("init-becomes-tool", becomesTool),
    warmUpFolder,
    stateFolder,
    log: silentLog,
    bootTimeoutMs: 300,
  });

test("the boot fails when its tool does not report within the boot timeout", async () => {
  const stateFolder = join(folder, "silent");
  await using provider = openSilent(stateFolder);
  await expect(provider.boot(blueprint)).rejects.toThrow(SandboxUnavailable);
  await expect(provider.boot(blueprint)).rejects.toThrow("bubblewrap did not start within 300 ms");
  expect(findResidue(stateFolder)).toEqual([]);
});

test("a provider that is closed during a boot removes everything of it, and boots no other sandbox", async () => {
  const stateFolder = join(folder, "closed");
  const provider = openSilent(stateFolder);
  const boot = provider.boot(blueprint).then(
    () => "booted",
    () => "failed",
  );
  await provider[Symbol.asyncDispose]();
  expect(findResidue(stateFolder)).toEqual([]);
  await expect(provider.boot(blueprint)).rejects.toThrow(SandboxUnavailable);
  expect(await boot).toBe("failed");
  expect(findResidue(stateFolder)).toEqual([]);
});
