/** Selects the compiler's messages that are about the program, and not about packages or files that the page lacks. */

export interface Message {
  code: number;
  /** The text that the message is about. */
  subject: string;
}

export interface CheckedWith {
  /** A package is imported that is not in the project. */
  lacksPackages: boolean;
  /** A file of the project could not be read, or the project has too many. */
  lacksFiles: boolean;
}

/** A module, or its types, cannot be found. */
const MODULE_NOT_FOUND: ReadonlySet<number> = new Set([2307, 2792, 2882]);
/** A module without types: JavaScript, or a package that is missing. */
const UNTYPED: ReadonlySet<number> = new Set([7016, 2875, 7026]);
/** `declare module "name"` extends a module that is missing. */
const AUGMENTED: ReadonlySet<number> = new Set([2664, 2665, 2666, 2671]);
const CANNOT_FIND_NAMESPACE = 2503;

const isImplicitAny = (code: number): boolean => code >= 7005 && code <= 7057;
const nameIn = (subject: string): string => subject.replaceAll(/^["'`]|["'`]$/gu, "");
const isOfProject = (specifier: string): boolean => /^\.{0,2}\/|^\.{1,2}$/u.test(specifier);

/** A program may run although the page lacks a package or a file: messages that follow only from that are hidden. */
export function isShown({ code, subject }: Message, { lacksPackages, lacksFiles }: CheckedWith): boolean {
  if (UNTYPED.has(code)) return false;
  if (MODULE_NOT_FOUND.has(code)) return isOfProject(nameIn(subject)) && !lacksFiles;
  if (AUGMENTED.has(code)) return isOfProject(nameIn(subject)) && !lacksFiles;
  // Declared by React's types.
  if (code === CANNOT_FIND_NAMESPACE && subject === "JSX") return false;
  return !(isImplicitAny(code) && (lacksPackages || lacksFiles));
}
