/** Stores a file that a program wrote, merged with the changes that users made meanwhile. */
import { MAX_FILE_BYTES, type Entry } from "@atelier/contracts";
import { Problem } from "#kernel/problem";
import { type StoredFile, tooLarge, versionConflict } from "#files";

/** The bytes that a program wrote, and the version that it read: undefined when the file did not exist. */
export type ProgramFile = { readonly path: string; readonly bytes: Uint8Array; readonly basedOn: number | undefined };

/** A base text, and the two texts that both sides made from it. */
export type MergedTexts = { readonly base: string; readonly current: string; readonly changed: string };

export type MergeNeeds = {
  /** As LiveDocuments.mergeTexts. */
  readonly merge: (texts: MergedTexts) => Promise<string>;
  /** The requested version, or the newest one with live edits. @throws Problem projects/no-such-file, no-such-version */
  readonly read: (path: string, version?: number) => Promise<StoredFile>;
  readonly create: (path: string, bytes: Uint8Array) => Promise<Entry>;
  /** @throws Problem projects/version-conflict when the newest version is not `expected` */
  readonly write: (file: { path: string; bytes: Uint8Array; expected: number }) => Promise<{ readonly entry: Entry }>;
};

/** Number of tries while others write at the same time. */
const TRIES = 5;
/** Larger texts are not merged: comparing them takes too long. */
const MAX_MERGED_BYTES = 1_048_576;

const hasCode = (error: unknown, code: string): boolean => error instanceof Problem && error.code === code;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const textOf = (bytes: Uint8Array): string | undefined => {
  if (bytes.byteLength > MAX_MERGED_BYTES) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
};

const orAbsent = async (file: Promise<StoredFile>, code: string): Promise<StoredFile | undefined> => {
  try {
    return await file;
  } catch (error) {
    if (hasCode(error, code)) return undefined;
    throw error;
  }
};

/** @throws Problem as the routes of files; projects/version-conflict where both sides changed and one is not text */
export const writeMerged = async (file: ProgramFile, needs: MergeNeeds): Promise<{ readonly entry: Entry }> => {
  const { path, bytes, basedOn } = file;
  if (bytes.byteLength > MAX_FILE_BYTES) throw tooLarge(`A file may have at most ${MAX_FILE_BYTES} bytes.`);

  const mergedInto = async (current: StoredFile): Promise<Uint8Array> => {
    const { version } = current.entry;
    if (basedOn === undefined || basedOn === version) return bytes;
    const base = await orAbsent(needs.read(path, basedOn), "projects/no-such-version");
    if (base !== undefined && Buffer.compare(base.bytes, current.bytes) === 0) return bytes;
    const texts = [base?.bytes, current.bytes, bytes].map((each) => (each === undefined ? undefined : textOf(each)));
    const [baseText, currentText, changed] = texts;
    if (baseText === undefined || currentText === undefined || changed === undefined) throw versionConflict(version);
    return Buffer.from(await needs.merge({ base: baseText, current: currentText, changed }), "utf8");
  };

  for (let tries = 1; ; tries += 1) {
    try {
      const current = await orAbsent(needs.read(path), "projects/no-such-file");
      if (current === undefined) return { entry: await needs.create(path, bytes) };
      return await needs.write({ path, bytes: await mergedInto(current), expected: current.entry.version });
    } catch (error) {
      const isRace = hasCode(error, "projects/version-conflict") || hasCode(error, "projects/path-taken");
      if (!isRace || tries === TRIES) throw error;
    }
  }
};
