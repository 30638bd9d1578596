/** Starts a browser's program and waits for the line with the address at which it listens. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export type ListeningChild = {
  readonly child: ChildProcess;
  /** The first group of the pattern. */
  readonly found: string;
  readonly end: () => Promise<void>;
};

/** Ends a program and waits for its end. */
export const endChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exit;
  clearTimeout(late);
};

/** @throws Error with the program's output when the line does not come within 30 s. */
export const startListening = async (
  program: string,
  args: readonly string[],
  { says, env = {} }: { readonly says: RegExp; readonly env?: Readonly<Record<string, string>> },
): Promise<ListeningChild> => {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  let output = "";
  const found = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${program} did not listen:\n${output}`)), 30_000);
    const read = (chunk: Buffer): void => {
      output = (output + chunk.toString("utf8")).slice(-100_000);
      const match = says.exec(output)?.[1];
      if (match === undefined) return;
      clearTimeout(late);
      resolve(match);
    };
    for (const stream of [child.stdout, child.stderr, child.stdio[3]]) stream?.on("data", read);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${program} ended:\n${output}`)));
  }).catch(async (error: unknown) => {
    await endChild(child);
    throw error;
  });
  return { child, found, end: () => endChild(child) };
};
