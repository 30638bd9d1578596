/** Decides whether a job can be handed to the interpreter that was started before the job was known. */
import type { SandboxCommand } from "../ports.ts";
import { baseEnvironment } from "./start-frame.ts";

/** Variables that an interpreter, its allocator or the loader read only while starting. */
const readAtStart = /^(?:PYTHON|NODE_|LD_|MALLOC_|GLIBC_|UV_|SSL_|OPENSSL_)/u;

/**
 * `warmUp` is `[interpreter, …options, our script]`. A job fits if it names the same interpreter and
 * options and then a script (not another option), and sets no variable that is read at start only.
 */
export const fitsWarmInterpreter = (warmUp: readonly string[] | undefined, run: SandboxCommand): boolean => {
  if (warmUp === undefined || warmUp.length < 2) return false;
  const prefix = warmUp.slice(0, -1);
  if (!prefix.every((part, index) => run.argv[index] === part)) return false;
  const script = run.argv[prefix.length];
  if (script === undefined || script === "" || script.startsWith("-")) return false;
  return Object.entries(run.env).every(([name, value]) => {
    if (name === "LANG" || name.startsWith("LC_") || name === "TZ" || name === "PATH") {
      return baseEnvironment[name] === value;
    }
    return !readAtStart.test(name);
  });
};
