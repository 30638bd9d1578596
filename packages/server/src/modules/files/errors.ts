/** The problems of files. Their codes begin with `projects/`, because files were a part of that module. */
import { Problem } from "#kernel/problem";

export const noSuchFile = (path?: string): Problem =>
  new Problem("projects/no-such-file", path === undefined ? undefined : `There is no ${path}.`);
export const noSuchVersion = (): Problem => new Problem("projects/no-such-version");
export const noSuchTemplate = (): Problem => new Problem("projects/no-such-template");
export const pathInvalid = (at: string, message: string): Problem =>
  new Problem("request/invalid", `${at}: ${message}`, { faults: [{ at, message }] });
export const pathTaken = (path: string): Problem => new Problem("projects/path-taken", `${path} is taken.`);
export const notAFolder = (path: string): Problem => new Problem("projects/not-a-folder", `${path} is a file.`);
export const notAFile = (path: string): Problem => new Problem("projects/not-a-file", `${path} is a folder.`);
export const folderNotEmpty = (path: string): Problem =>
  new Problem("projects/folder-not-empty", `${path} is a folder: delete it with recursive=true.`);
export const moveUnderItself = (): Problem => new Problem("projects/move-under-itself");
export const versionConflict = (currentVersion: number): Problem =>
  new Problem("projects/version-conflict", `The newest version is ${currentVersion}.`, { currentVersion });
export const tooLarge = (detail: string): Problem => new Problem("projects/too-large", detail);
export const tooManyFiles = (most: number): Problem =>
  new Problem("projects/too-many-files", `A project may have at most ${most} files and folders.`);
export const accountFull = (mostBytes: number): Problem =>
  new Problem(
    "projects/too-large",
    `The account of the project's owner may store ${mostBytes} bytes, including old versions, which are thinned over time.`,
  );
export const idempotencyMismatch = (): Problem => new Problem("projects/idempotency-mismatch");
