/** A fresh machine: a release's root file system as the whole of what its processes see, on this machine's kernel and network. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import pty from "@lydell/node-pty";
import { run } from "../../scripts/lib/command.mjs";
import { removeWithRun } from "../../scripts/lib/watched-run.mjs";
import { eventually } from "../support/eventually.ts";
import { type Suite, unpackBase } from "./base.ts";
import type { Shown } from "./screen-lines.ts";

/** Settings of this machine without which a registry may be out of reach. */
const handedOn = ["http_proxy", "https_proxy", "no_proxy", "npm_config_registry", "NODE_EXTRA_CA_CERTS"];

export type Terminal = {
  readonly shown: readonly Shown[];
  /** Everything shown so far. */
  readonly screen: () => string;
  readonly press: (keys: string) => void;
  /** Exit code. */
  readonly ended: Promise<number>;
};

/** @param user an account of the machine's */
export type As = { readonly user: string; readonly env?: Readonly<Record<string, string>> };

export interface Machine extends AsyncDisposable {
  /** Its root file system, seen from outside. */
  readonly root: string;
  /** Runs a shell's line in the user's home. @returns standard output. @throws SetupFault with the output when it fails. */
  sh(as: As, line: string): Promise<string>;
  /** The same in a terminal of 100 columns. */
  open(as: As, line: string): Terminal;
  /** Ids and command lines of the processes that were started in it. */
  processes(): string[];
  /** Its mount points. */
  mounts(): string[];
  /** Loop devices whose files are in it. */
  loopDevices(): string[];
}

export const homeOf = (user: string): string => (user === "root" ? "/root" : `/home/${user}`);

const orNothing = (read: () => string): string => {
  try {
    return read();
  } catch {
    return "";
  }
};
const readIfThere = (path: string): string => orNothing(() => readFileSync(path, "utf8"));
const readIfThereLink = (path: string): string => orNothing(() => readlinkSync(path));

/** Starts it. Everything in it ends with this process. Needs root. */
export const startMachine = async (suite: Suite, tell: (line: string) => void): Promise<Machine> => {
  const folder = mkdtempSync(join(process.env["ATELIER_FRESH_DIR"] ?? "/var/tmp", "atelier-fresh-"));
  removeWithRun("folder", folder);
  const root = join(folder, "root");
  await run("mkdir", ["--mode=755", root]);
  await run("chmod", ["755", folder]);
  await unpackBase(suite, root, tell);
  const namespaces = ["--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child"];
  const script = join(import.meta.dirname, "first-process.sh");
  const keeper = spawn("unshare", [...namespaces, "sh", script, root], { stdio: ["pipe", "pipe", "inherit"] });
  const gone = once(keeper, "exit");
  await Promise.race([
    once(keeper.stdout, "data"),
    gone.then(() => Promise.reject(new Error("the machine did not start"))),
  ]);
  const first = readFileSync(`/proc/${keeper.pid}/task/${keeper.pid}/children`, "utf8").trim();

  const command = ({ user, env = {} }: As, line: string): string[] => {
    const home = homeOf(user);
    const kept = handedOn.flatMap((name) => (process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`]));
    return [
      ["nsenter", `--target=${first}`, "--mount", "--uts", "--ipc", "--pid", "--no-fork", "--"],
      ["env", "--ignore-environment", `HOME=${home}`, `USER=${user}`, "TERM=xterm", "LANG=C.UTF-8"],
      ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...kept],
      Object.entries(env).map(([name, value]) => `${name}=${value}`),
      ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups", "--"],
      // The shell is still outside, its child is inside; ^C is the child's to answer.
      ["sh", "-c", `trap : INT; cd && ${line}`],
    ].flat();
  };

  const namespace = readIfThereLink(`/proc/${first}/ns/pid`);
  const processes = (): string[] =>
    readdirSync("/proc")
      .filter((pid) => /^\d+$/u.test(pid) && readIfThereLink(`/proc/${pid}/ns/pid`) === namespace)
      .map((pid) => `${pid} ${readIfThere(`/proc/${pid}/cmdline`).replaceAll("\0", " ")}`);
  await eventually(() => {
    if (processes().length < 2) throw new Error("the machine's first process is not settled");
  });
  const own = new Set(processes());
  return {
    root,
    sh(as, line) {
      const [program = "", ...args] = command(as, line);
      return run(program, args, { tell, what: line });
    },
    open(as, line) {
      const [program = "", ...args] = command(as, line);
      const began = performance.now();
      const shown: Shown[] = [];
      const terminal = pty.spawn(program, args, { cols: 100, rows: 30, cwd: "/", env: {} });
      terminal.onData((text) => shown.push({ atMs: performance.now() - began, text }));
      return {
        shown,
        screen: () => shown.map(({ text }) => text).join(""),
        press: (keys) => terminal.write(keys),
        ended: new Promise((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode))),
      };
    },
    processes: () => processes().filter((line) => !own.has(line)),
    mounts: () =>
      readIfThere(`/proc/${first}/mountinfo`)
        .split("\n")
        .flatMap((line) => line.split(" ")[4] ?? []),
    loopDevices: () =>
      readdirSync("/sys/block")
        .map((name) => readIfThere(`/sys/block/${name}/loop/backing_file`).trim())
        .filter((file) => file.startsWith(root)),
    async [Symbol.asyncDispose]() {
      keeper.stdin.end();
      await gone;
      // The kernel removes the last mounts shortly after the last process has ended.
      await eventually(() => rmSync(folder, { recursive: true, force: true }), 20_000);
    },
  };
};
