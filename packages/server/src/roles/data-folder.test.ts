import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDataFolder, StartFault } from "./data-folder.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "atelier-folder-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const fieldsOf = async (pid: number): Promise<string[]> =>
  (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
const open = async (): Promise<void> => {
  const component = openDataFolder(folder);
  await component.start(new AbortController().signal);
  await component[Symbol.asyncDispose]();
};

test("the lock of a killed server does not prevent a start while its process is a zombie; the lock of a running one does", async () => {
  // A shell would reap its child; tail, which takes its place while the child still reads, does not.
  const parent = spawn("sh", ["-c", "exec 3<&0; cat <&3 >&2 & echo $!; exec tail -f /dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  try {
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const zombie = Number.parseInt(line.toString(), 10);
    const nameOfParent = () => readFile(`/proc/${parent.pid}/comm`, "utf8");
    await expect.poll(nameOfParent).toBe("tail\n");
    parent.stdin.end();
    await expect.poll(async () => (await fieldsOf(zombie))[0]).toBe("Z");
    const lock = join(folder, "server.lock");
    await writeFile(lock, `${zombie} ${(await fieldsOf(zombie))[19]}\n`);
    await expect(open()).resolves.toBeUndefined();
    const living = parent.pid ?? 0;
    await writeFile(lock, `${living} ${(await fieldsOf(living))[19]}\n`);
    await expect(open()).rejects.toThrow(StartFault);
    await writeFile(lock, `${living} 1\n`);
    await expect(open()).resolves.toBeUndefined();
  } finally {
    parent.kill("SIGKILL");
    await once(parent, "exit");
  }
});
