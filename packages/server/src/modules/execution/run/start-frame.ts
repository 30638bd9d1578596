/** Turns a command into init's START frame, and checks that it can be said at all. */
import { baseEnvironment, encodeFrame } from "#platform/sandboxes";
import type { SandboxBuild, SandboxCommand, SandboxJob, SandboxLimits, TerminalSize } from "./ports.ts";
import { toSandbox } from "./run-frames.ts";

const startBytesMaximum = 3 * 1024 * 1024;
const stringsMaximum = 4096;
const openFilesMaximum = 1024;

const flags = { warm: 1, terminal: 2, stdin: 4 } as const;

const positive = (limits: SandboxLimits): void => {
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value <= 0) throw new RangeError(`limit ${name} is not a positive integer`);
  }
};

const checkCommand = (command: SandboxCommand): void => {
  positive(command.limits);
  if (command.argv.length === 0) throw new RangeError("argv is empty");
  const strings = [...command.argv, ...Object.keys(command.env), ...Object.values(command.env)];
  if (strings.length > stringsMaximum) throw new RangeError("too many arguments and variables");
  if (strings.some((text) => text.includes("\0"))) throw new RangeError("an argument or variable has a zero byte");
  if (Object.keys(command.env).some((name) => name === "" || name.includes("="))) {
    throw new RangeError("a variable's name is empty or has an equals sign");
  }
};

/** The commands of a build. */
export const stepsOf = (build: SandboxBuild | undefined): SandboxCommand[] => {
  if (build === undefined) return [];
  const { steps, ...common } = build;
  return steps.map((argv) => ({ ...common, argv }));
};

/** Throws RangeError when a job breaks the port's rules; the sandbox is then still unused. */
export const checkJob = (job: SandboxJob): void => {
  checkCommand(job.run);
  for (const step of stepsOf(job.compile)) checkCommand(step);
};

/** How a command is started. */
export type StartOptions = {
  readonly warm: boolean;
  readonly stdin: boolean;
  readonly terminal?: TerminalSize | undefined;
};

const stringBytes = (text: string): Buffer[] => {
  const bytes = Buffer.from(text, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.byteLength);
  return [length, bytes];
};

/** The environment a program sees: ours, a terminal's where it has one, then the command's own. */
const fullEnvironment = (command: SandboxCommand, terminal: boolean): Record<string, string> => ({
  ...baseEnvironment,
  ...(terminal ? { TERM: "xterm-256color", COLORTERM: "truecolor" } : {}),
  ...command.env,
});

/** The START frame of a command. Throws RangeError when it is too large to say. */
export const encodeStart = (command: SandboxCommand, options: StartOptions): Buffer => {
  const { limits } = command;
  const env = Object.entries(fullEnvironment(command, options.terminal !== undefined));
  const head = Buffer.alloc(37);
  head.writeUInt8(
    (options.warm ? flags.warm : 0) |
      (options.terminal === undefined ? 0 : flags.terminal) |
      (options.stdin ? flags.stdin : 0),
    0,
  );
  head.writeUInt16LE(Math.min(options.terminal?.columns ?? 0, 0xffff), 1);
  head.writeUInt16LE(Math.min(options.terminal?.rows ?? 0, 0xffff), 3);
  head.writeUInt32LE(Math.min(limits.processes, 0x7fff_ffff), 5);
  head.writeUInt32LE(openFilesMaximum, 9);
  // The kernel's own CPU limit counts one process; the host counts all of them and decides first.
  head.writeUInt32LE(Math.min(Math.ceil(limits.cpuMs / 1000) + 2, 0x7fff_ffff), 13);
  // A full disk is for the file system to say; this only bounds files elsewhere.
  head.writeBigUInt64LE(BigInt(limits.diskBytes) * 2n, 17);
  head.writeBigUInt64LE(BigInt(limits.memoryBytes), 25);
  head.writeUInt16LE(command.argv.length, 33);
  head.writeUInt16LE(env.length, 35);
  const strings = [...command.argv, ...env.map(([name, value]) => `${name}=${value}`)].flatMap(stringBytes);
  const frame = encodeFrame(toSandbox.start, head, ...strings);
  if (frame.byteLength > startBytesMaximum) throw new RangeError("arguments and variables are too large");
  return frame;
};
