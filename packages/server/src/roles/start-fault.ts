/** Says in one line why a start failed; the log has the rest. */
import { StartFault } from "./data-folder.ts";

const FULL = /no space left on device|disk quota exceeded|ENOSPC|EDQUOT/iu;

/** Everything that an error and its causes say, program output included. */
const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { stderr } = error as { stderr?: unknown };
  const cause = error.cause === undefined ? "" : wordsOf(error.cause);
  return `${error.message}\n${typeof stderr === "string" ? stderr : ""}\n${cause}`;
};

export const describeStartFault = (
  error: unknown,
  where: { readonly host: string; readonly port: number; readonly dataDir: string },
): string => {
  if (error instanceof StartFault) return error.message;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE")
    return `Port ${where.port} on ${where.host} is in use: stop what listens there, or set PORT.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return `HOST ${where.host} is not an address of this machine.`;
  if (code === "EACCES" && syscall === "listen")
    return `Port ${where.port} may not be used by this user: set PORT to 1024 or above.`;
  const words = wordsOf(error);
  if (FULL.test(words)) return `The disk is full: there is no space left in ${where.dataDir}.`;
  return words.split("\n").find((line) => line.trim() !== "") ?? "The server could not start.";
};
