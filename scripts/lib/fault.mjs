// A reason to stop that a person can act on: shown as it is, without a stack trace.
import { dirname } from "node:path";

/** `message` says what is wrong; `hint`, one copyable command or setting, says what to do; `detail` is a failed command's output. */
export class SetupFault extends Error {
  constructor(message, { hint, detail } = {}) {
    super(message);
    this.name = "SetupFault";
    this.hint = hint;
    this.detail = detail;
  }
}

/** The fault for a user who cannot write to the folders of images and tools. */
export const cacheHint = "ATELIER_CACHE_DIR moves images and tools; the checkout itself must be writable too.";

/** What a disk and its rights refuse, in words that the folder's name goes before. */
const refusals = {
  ENOSPC: "the disk is full",
  EDQUOT: "this user's share of the disk is full",
  EROFS: "the file system is read-only",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
};

/** How programs say that the disk is full. */
const full = /no space left on device|disk quota exceeded|ENOSPC|EDQUOT/i;

/**
 * The error itself, or a SetupFault instead where a disk or its rights refused something.
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

/** The first line in which a program says that a disk is full, or undefined.
 * @param {string} output
 * @returns {string | undefined} */
export function fullDiskLine(output) {
  return output
    .split("\n")
    .find((line) => full.test(line))
    ?.trim();
}

/** A fault as it is shown: a failed command's output, what is wrong, what to do about it.
 * @param {SetupFault} fault */
export function faultText({ detail, message, hint }) {
  const lines = [...(detail ? ["", detail.trimEnd(), ""] : []), `atelier: ${message}`, ...(hint ? [`  ${hint}`] : [])];
  return lines.join("\n");
}

/** Prints a fault to stderr, or a whole stack where it is a mistake of ours. */
export function report(error) {
  console.error(error instanceof SetupFault ? faultText(error) : error);
}
