/** Decides whether the interpreter that was started ahead can take a job. */
import { baseEnvironment } from "#platform/sandboxes";
import type { SandboxCommand } from "./ports.ts";

/** Variables that an interpreter, its allocator or the loader read only while starting. */
const readAtStart = /^(?:PYTHON|NODE_|LD_|MALLOC_|GLIBC_|UV_|SSL_|OPENSSL_)/u;

/**
 * `node --require <warm-up> <script>` and `python3 <warm-up>`: everything before the warm-up is the interpreter with its options.
 * Where the run names the warm-up too, because the language needs it also in a cold start, everything before the script is.
 */
const interpreterOf = (warmUp: readonly string[], argv: readonly string[]): readonly string[] => {
  const whole = warmUp.slice(0, -1);
  if (whole.includes("--require") && whole.every((part, index) => argv[index] === part)) return whole;
  const at = warmUp.findIndex((part) => part.startsWith("/.atelier/"));
  const before = warmUp.slice(0, Math.max(at, 0));
  return before.at(-1) === "--require" ? before.slice(0, -1) : before;
};

/**
 * The argv to hand over (interpreter, script, arguments), or undefined where the job has to start cold:
 * it names another interpreter or other options, no script, or a variable that is read at start only.
 */
export const warmArguments = (
  warmUp: readonly string[] | undefined,
  run: SandboxCommand,
): readonly string[] | undefined => {
  const prefix = interpreterOf(warmUp ?? [], run.argv);
  const [interpreter] = prefix;
  if (interpreter === undefined || !prefix.every((part, index) => run.argv[index] === part)) return undefined;
  const script = run.argv[prefix.length];
  if (script === undefined || script === "" || script.startsWith("-")) return undefined;
  const readEarly = Object.entries(run.env).some(([name, value]) =>
    name === "LANG" || name.startsWith("LC_") || name === "TZ" || name === "PATH"
      ? baseEnvironment[name] !== value
      : readAtStart.test(name),
  );
  return readEarly ? undefined : [interpreter, ...run.argv.slice(prefix.length)];
};
