/** Builds one image with `scripts/atelier.mjs images build`, and reads its progress. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import { ImageBuildFailed, type RunningBuild, type StartBuild } from "./image-builds.ts";

const LineSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("progress"), percent: z.number().min(0).max(100), step: z.string() }),
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("failed"), reason: z.string() }),
]);

const COMPLAINT_BYTES = 4096;

export type BuildCommandOptions = {
  /** Program and arguments in front of `build <id>`. */
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
};

const parse = (line: string): z.infer<typeof LineSchema> | undefined => {
  try {
    return LineSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
};

/** The command ends with this process: it watches its standard input, which is a pipe from here. */
export const createBuildCommand = ({ command: [program, ...args], env }: BuildCommandOptions): StartBuild => {
  return (id, progress): RunningBuild => {
    const child = spawn(program, [...args, "build", id, "--json", "--until-input-ends"], {
      env,
      // A session of its own: a terminal's ^C reaches the server, which ends its builds in order.
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    let complaint = "";
    let failure: string | undefined;
    let isStopping = false;
    child.stdin.on("error", () => undefined);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-COMPLAINT_BYTES);
    });
    createInterface({ input: child.stdout }).on("line", (text) => {
      const line = parse(text);
      if (line?.type === "progress") progress({ percent: line.percent, step: line.step });
      if (line?.type === "failed") failure = line.reason;
    });
    const done = new Promise<void>((resolve, reject) => {
      child.on("error", (error) => reject(new ImageBuildFailed(error.message)));
      child.on("close", (code, signal) => {
        if (code === 0) resolve();
        else if (isStopping) reject(new Error("the build was stopped"));
        else reject(new ImageBuildFailed(failure ?? (complaint.trim() || `it ended with ${signal ?? String(code)}`)));
      });
    });
    return {
      done,
      stop() {
        isStopping = true;
        child.kill("SIGTERM");
      },
    };
  };
};
