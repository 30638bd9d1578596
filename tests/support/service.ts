/** Starts a server that only tests need from the image of test services, on its own files and this machine's loopback. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Service = AsyncDisposable & { readonly process: ChildProcess };

/** Root file system with the test services; undefined outside `npm test`. */
export const servicesRoot = (): string | undefined => process.env["ATELIER_TEST_SERVICES"];

/** @param command absolute path inside the image and its arguments; `/mnt` is an empty folder of its own. */
export const startService = (root: string, command: readonly string[]): Service => {
  const data = mkdtempSync(join(tmpdir(), "atelier-service-"));
  const mounts = [
    "--ro-bind",
    root,
    "/",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
    "--bind",
    data,
    "/mnt",
  ];
  const isolation = ["--unshare-pid", "--unshare-ipc", "--die-with-parent", "--chdir", "/mnt"];
  const child = spawn("bwrap", [...mounts, ...isolation, "--", ...command], { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.resume();
  // `close` and not `exit`: the server holds the pipe too, and is what has to be gone.
  const ended = once(child, "close");
  return {
    process: child,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
};
