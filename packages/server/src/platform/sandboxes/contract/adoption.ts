/** The contract's part on sandboxes that outlive the server process which booted them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { encodeStart } from "../../../modules/execution/run/start-frame.ts";
import { decodeRunFrame, type SandboxFrame, toSandbox } from "../../../modules/execution/run/run-frames.ts";
import { encodeFrame } from "../machine/frames.ts";
import { waitUntil } from "../machine/host-processes.ts";
import type { Machine, SandboxLifetime, SandboxProvider } from "../ports.ts";
import type { ContractContext } from "../ports.contract.ts";
import { SandboxUnavailable } from "../sandbox-unavailable.ts";
import { findResidue, testBlueprint, testLimits } from "./harness.ts";

const mebibyte = 1024 * 1024;

type ServerProgram = {
  /** Python. */
  readonly code: string;
  readonly lifetime: SandboxLifetime;
  /** `once`: the server deals with the first output, and with none after it. */
  readonly listens?: "once";
};

/** A server process in small: boots a sandbox, starts a program in it, and prints the sandbox's id and what the program says. */
const serverScript = async (context: ContractContext, { code, lifetime, listens }: ServerProgram): Promise<string> => {
  const at = (path: string): string => JSON.stringify(join(import.meta.dirname, path));
  const { module, factory, options } = await context.madeFrom();
  return `
import { ${factory} } from ${at(`../adapters/${module}`)};
import { silentLog } from "#kernel/log";
import { encodeStart } from ${at("../../../modules/execution/run/start-frame.ts")};
import { decodeRunFrame } from ${at("../../../modules/execution/run/run-frames.ts")};
const provider = ${factory}({ ...${JSON.stringify(options)}, log: silentLog });
const sandbox = await provider.boot(${JSON.stringify({ ...testBlueprint(context.imageRoot), lifetime })});
const machine = sandbox.take({
  frame(frame) {
    const { kind, bytes } = decodeRunFrame(frame);
    if (kind === "output") process.stdout.write(bytes);
    if (kind === "output" && ${listens === "once"}) machine.pause();
  },
  lost: (reason) => console.log("lost", reason, machine.complaint()),
});
console.log("id", sandbox.id);
machine.send(encodeStart(${JSON.stringify({ argv: ["python3", "-uc", code], env: {}, limits: testLimits })}, { warm: false, stdin: true }));
setInterval(() => {}, 1000);
`;
};

type Server = {
  readonly child: ChildProcess;
  readonly id: string;
  /** What its program has said. */
  readonly text: () => string;
};

const startServer = async (context: ContractContext, program: ServerProgram): Promise<Server> => {
  const script = await serverScript(context, program);
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  const id = Promise.withResolvers<string>();
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
    const line = /^id (.*)\n/mu.exec(said);
    if (line?.[1] !== undefined) id.resolve(line[1]);
  });
  child.once("close", () => id.reject(new Error(`the server said no id: ${said}`)));
  return { child, id: await id.promise, text: () => said.replace(/^id .*\n/mu, "") };
};

/** As the kernel ends a server that runs out of memory. */
const kill = async ({ child }: Server): Promise<void> => {
  const gone = once(child, "close");
  child.kill("SIGKILL");
  await gone;
};

type Adopted = {
  readonly machine: Machine;
  readonly text: () => string;
  readonly exit: Promise<Extract<SandboxFrame, { kind: "exit" }>>;
};

const adopt = async (provider: SandboxProvider, id: string): Promise<Adopted> => {
  let text = "";
  const exit = Promise.withResolvers<Extract<SandboxFrame, { kind: "exit" }>>();
  const machine = await provider.adopt(id, {
    frame(frame) {
      const decoded = decodeRunFrame(frame);
      if (decoded.kind === "output") text += Buffer.from(decoded.bytes).toString("utf8");
      if (decoded.kind === "exit") exit.resolve(decoded);
    },
    lost: (reason) => exit.reject(new Error(`lost: ${reason}`)),
  });
  exit.promise.catch(() => undefined);
  return { machine, text: () => text, exit: exit.promise };
};

/** What a server process that dies while it writes leaves in the shim's socket. */
const sendHalfAFrame = async (folder: string): Promise<void> => {
  const descriptor = openSync(folder, "r");
  const socket = connect(`/proc/self/fd/${descriptor}/shim.sock`);
  await once(socket, "connect");
  closeSync(descriptor);
  const closed = once(socket, "close");
  socket.end(encodeFrame(toSandbox.stdin, Buffer.alloc(100, "x")).subarray(0, 50));
  socket.resume();
  await closed;
};

const eventually = async (holds: () => boolean): Promise<void> => {
  expect(await waitUntil(holds, 15_000)).toBe(true);
};

const counting = `
import sys, time
for i in range(400):
    print(i)
    time.sleep(0.005)
print("asks")
print("got", sys.stdin.readline().strip())
`;
const long: SandboxLifetime = { graceMs: 60_000, unattendedCpuMs: 30_000 };

/** Declares the tests. */
export const testAdoption = (context: ContractContext): void => {
  describe("adoption", () => {
    beforeEach(({ skip }) => skip(context.provider().limitsEnforcement === "polled", "it needs cgroups"));

    test("[I63] a program goes on while its server is killed, and another one reads the rest and ends it", async () => {
      const server = await startServer(context, { code: counting, lifetime: long });
      await eventually(() => server.text().includes("\n50\n"));
      await kill(server);
      const heard = server.text();
      expect(heard).not.toContain("399");
      await using provider = await context.open();
      expect(await provider.removeOrphans()).toBe(0);
      const { machine, text, exit } = await adopt(provider, server.id);
      await eventually(() => text().includes("asks"));
      // What the dead server had not acknowledged comes again, and nothing is missing.
      const whole = `${Array.from({ length: 400 }, (_, n) => `${n}\n`).join("")}asks\n`;
      const rest = text();
      const possible = Array.from({ length: rest.length }, (_, repeated) => heard + rest.slice(repeated));
      expect(possible, `${heard.slice(-20)} then ${rest.slice(0, 20)}`).toContain(whole);
      expect(machine.meter.measure().cpuMs).toBeGreaterThan(0);
      machine.send(encodeFrame(toSandbox.stdin, Buffer.from("an answer\n")));
      expect((await exit).code).toBe(0);
      expect(text()).toContain("got an answer\n");
      await machine.destroy();
      expect(findResidue(context.stateFolder)).toEqual([]);
      await expect(provider.adopt(server.id, { frame: () => undefined, lost: () => undefined })).rejects.toThrow(
        SandboxUnavailable,
      );
    });

    test("[I63] output that nobody reads waits within its bound, and none of it is lost", async () => {
      const size = 4 * mebibyte;
      const code = `
import os, time
print("begins")
time.sleep(0.3)
for i in range(${size / 4096}): os.write(1, b"x" * 4095 + b"\\n")
print("finished", time.time())
`;
      const server = await startServer(context, { code, lifetime: long, listens: "once" });
      await eventually(() => server.text() !== "");
      await delay(1000);
      await kill(server);
      await delay(500);
      const adoptedAt = Date.now() / 1000;
      await using provider = await context.open();
      const { machine, text, exit } = await adopt(provider, server.id);
      expect((await exit).code).toBe(0);
      // A pipe and the shim hold less than the program writes: it was blocked until somebody read.
      expect(Number(text().split("finished ")[1])).toBeGreaterThan(adoptedAt - 0.1);
      expect(text().split("x".repeat(4095) + "\n").length - 1).toBe(size / 4096);
      await machine.destroy();
    });

    test("[I63] a server that detaches leaves the sandbox to the next one, and so does one that dies in a frame", async () => {
      const first = await context.open();
      const blueprint = { ...testBlueprint(context.imageRoot), lifetime: long };
      const sandbox = await first.boot(blueprint);
      const machine = sandbox.take({ frame: () => undefined, lost: () => undefined });
      const code = "import sys; print(sys.stdin.readline())";
      const command = { argv: ["python3", "-uc", code], env: {}, limits: testLimits };
      machine.send(encodeStart(command, { warm: false, stdin: true }));
      machine.detach();
      await first[Symbol.asyncDispose]();
      await sendHalfAFrame(join(context.stateFolder, "sandboxes", sandbox.id));
      await using second = await context.open();
      const adopted = await adopt(second, sandbox.id);
      adopted.machine.send(encodeFrame(toSandbox.stdin, Buffer.from("hello\n")));
      expect((await adopted.exit).code).toBe(0);
      expect(adopted.text()).toContain("hello");
      await adopted.machine.destroy();
    });

    test("[I64] what nobody adopts in time ends by itself, and is removed", async () => {
      const server = await startServer(context, {
        code: counting,
        lifetime: { graceMs: 2000, unattendedCpuMs: 30_000 },
      });
      await kill(server);
      await using provider = await context.open();
      expect(await provider.removeOrphans()).toBe(0);
      expect(findResidue(context.stateFolder)).not.toEqual([]);
      await eventually(() => findResidue(context.stateFolder).length === 0);
      await expect(provider.adopt(server.id, { frame: () => undefined, lost: () => undefined })).rejects.toThrow(
        SandboxUnavailable,
      );
    });

    test("[I64] without a server it may use so much CPU time", async () => {
      const code = "print('busy')\nwhile True: pass";
      const server = await startServer(context, { code, lifetime: { graceMs: 60_000, unattendedCpuMs: 200 } });
      await eventually(() => server.text() !== "");
      await kill(server);
      // Only its shim is left.
      await eventually(() => findResidue(context.stateFolder).filter((one) => one.startsWith("process")).length === 1);
      await using provider = await context.open();
      const lost = Promise.withResolvers<void>();
      const machine = await provider.adopt(server.id, { frame: () => undefined, lost: () => lost.resolve() });
      await lost.promise;
      expect(machine.complaint()).toContain("CPU time");
      await machine.destroy();
    });
  });

  test("[I63] a sandbox of lifetime run cannot be left or adopted", async () => {
    const provider = context.provider();
    const sandbox = await provider.boot(testBlueprint(context.imageRoot));
    const machine = sandbox.take({ frame: () => undefined, lost: () => undefined });
    expect(() => machine.detach()).toThrow("ends with the server");
    await expect(provider.adopt(sandbox.id, { frame: () => undefined, lost: () => undefined })).rejects.toThrow(
      SandboxUnavailable,
    );
    await machine.destroy();
  });
};
