/** Reads files that the user drops, pastes or chooses, with their paths, whole folders included. */
import { isGeneratedFolder, isSystemFile } from "@atelier/contracts";
import type { TransferItem } from "./transfer-items.ts";

/** The path below the target folder. */
export type BroughtFile = { readonly path: string; readonly file: File };
export type Brought = {
  readonly files: readonly BroughtFile[];
  /** Empty folders. */
  readonly folders: readonly string[];
  /** Names of skipped folders. */
  readonly leftOut: readonly string[];
};

/** More files than this are probably a mistake, such as a whole disk. */
export const MOST_FILES = 50_000;

/** @throws RangeError when there are too many files */
const createCollection = () => {
  const files: BroughtFile[] = [];
  const folders: string[] = [];
  const leftOut = new Set<string>();
  return {
    addFile(path: string, file: File): void {
      if (isSystemFile(file.name)) return;
      if (files.length >= MOST_FILES) throw new RangeError(`These are more than ${MOST_FILES} files.`);
      files.push({ path: path.normalize("NFC"), file });
    },
    addFolder: (path: string): void => void folders.push(path.normalize("NFC")),
    /** Whether to skip a folder inside the dropped ones. */
    leavesOut(name: string): boolean {
      if (isGeneratedFolder(name)) leftOut.add(name);
      return isGeneratedFolder(name);
    },
    done: (): Brought => ({ files, folders, leftOut: [...leftOut] }),
  };
};

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

const childrenOf = async (entry: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> => {
  const reader = entry.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    // A directory reader returns a part of the entries at a time (100 in Chromium), and none at the end.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return children;
    children.push(...part);
  }
};

/**
 * Reads what a drop or a paste brought.
 * @throws RangeError for too many files, DOMException for a file that can't be read
 */
export const readTransfer = async (brought: readonly TransferItem[]): Promise<Brought> => {
  const collection = createCollection();
  const walk = async (entry: FileSystemEntry, path: string): Promise<void> => {
    if (entry.isFile) {
      collection.addFile(path, await fileOf(entry as FileSystemFileEntry));
      return;
    }
    const children = await childrenOf(entry as FileSystemDirectoryEntry);
    if (children.length === 0) collection.addFolder(path);
    for (const child of children) {
      if (child.isDirectory && collection.leavesOut(child.name)) continue;
      await walk(child, `${path}/${child.name}`);
    }
  };
  for (const one of brought) {
    if (one instanceof File) collection.addFile(one.name, one);
    else await walk(one, one.name);
  }
  return collection.done();
};

/** Reads a file field; the files of a chosen folder have their paths. @throws RangeError for too many files */
export const readChosen = (list: Iterable<File>): Brought => {
  const collection = createCollection();
  for (const file of list) {
    const path = file.webkitRelativePath === "" ? file.name : file.webkitRelativePath;
    const inside = path.split("/").slice(1, -1);
    if (!inside.some((name) => collection.leavesOut(name))) collection.addFile(path, file);
  }
  return collection.done();
};
