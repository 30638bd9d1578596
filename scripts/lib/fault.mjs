// An error with a message for the operator: printed without a stack trace.
import { dirname } from "node:path";

/** `message` is the fault; `hint` a command or setting that fixes it; `detail` the output of a failed command. */
export class SetupFault extends Error {
  constructor(message, { hint, detail } = {}) {
    super(message);
    this.name = "SetupFault";
    this.hint = hint;
    this.detail = detail;
  }
}

/** The fault for a user who cannot write to the folders of images and tools. */
export const cacheHint = "Set ATELIER_CACHE_DIR for images and tools; the checkout itself must be writable too.";

/** Texts for errors of the file system, which follow the folder's name. */
const refusals = {
  ENOSPC: "the disk is full",
  EDQUOT: "this user's share of the disk is full",
  EROFS: "the file system is read-only",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
};

/** Messages of programs about a full disk. */
const full = /no space left on device|disk quota exceeded|ENOSPC|EDQUOT/i;

/**
 * The error itself, or a SetupFault for errors of the disk or its permissions.
 * @param {unknown} error
 * @param {string} [folder] what was worked on, for an error that does not say it (a write knows no name) or names a part of it
 */
export function asSetupFault(error, folder) {
  const { code, path, dest } = /** @type {{ code?: string, path?: string, dest?: string }} */ (error ?? {});
  if (error instanceof SetupFault || code === undefined || !Object.hasOwn(refusals, code)) return error;
  const file = dest ?? path;
  const isPart = file === undefined || file === folder || file.startsWith(`${folder}/`);
  const where = isPart ? folder : dirname(file);
  return new SetupFault(`${where === undefined ? "" : `${where}: `}${refusals[code]} (${code})`, {
    hint: cacheHint,
  });
}

/** The first line of a program's output that reports a full disk, or undefined.
 * @param {string} output
 * @returns {string | undefined} */
export function fullDiskLine(output) {
  return output
    .split("\n")
    .find((line) => full.test(line))
    ?.trim();
}

/** The text of a fault: a failed command's output, the message, the hint.
 * @param {SetupFault} fault */
export function faultText({ detail, message, hint }) {
  const lines = [...(detail ? ["", detail.trimEnd(), ""] : []), `atelier: ${message}`, ...(hint ? [`  ${hint}`] : [])];
  return lines.join("\n");
}

/** Prints a fault to stderr; other errors are bugs and printed with their stack. */
export function report(error) {
  console.error(error instanceof SetupFault ? faultText(error) : error);
}
