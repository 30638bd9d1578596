/** A run that never ends by itself: a server, its database, and sandboxes that wait and work. Prints when all of them are there. */
import { tmpdir } from "node:os";
import { signInAsGuest } from "../../support/client.ts";
import { eventually } from "../../support/eventually.ts";
import { processesNaming } from "../../support/leftovers.ts";
import { startServer } from "../../support/server.ts";

/** The JSON in the output line that begins with `planted: `. */
export type Planted = { readonly runFolder: string; readonly dataDir: string };

/** Never resolves. */
export const runUntilEnded = async (): Promise<void> => {
  const server = await startServer();
  const client = await signInAsGuest(server.origin);
  const program = { path: "main.py", content: "import time\nwhile True: time.sleep(1)\n" };
  await eventually(
    () => client.startExecution({ language: "python", entryPoint: program.path, files: [program] }),
    60_000,
  );
  await eventually(async () => {
    if (!(await processesNaming(server.dataDir)).some((line) => /bwrap|runsc/u.test(line)))
      throw new Error("no sandbox");
  }, 60_000);
  const planted: Planted = { runFolder: tmpdir(), dataDir: server.dataDir };
  process.stdout.write(`planted: ${JSON.stringify(planted)}\n`);
  await new Promise(() => setInterval(() => undefined, 1_000_000));
};
