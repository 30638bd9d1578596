/** Reads what the reader brings from outside the page (dropped, pasted, chosen) as files with paths, whole folders included. */

/** A path below the folder that the files go into. */
export type BroughtFile = { readonly path: string; readonly file: File };
export type Brought = {
  readonly files: readonly BroughtFile[];
  /** Folders that hold nothing. */
  readonly folders: readonly string[];
  /** Names of folders that were left out. */
  readonly leftOut: readonly string[];
};

/** More than this is a mistake, such as a whole disk. */
export const MOST_FILES = 2000;

/** What tools make again by themselves, and what systems leave behind. */
const LEFT_OUT_FOLDERS: ReadonlySet<string> = new Set([".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv"]);
const LEFT_OUT_FILES: ReadonlySet<string> = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

/** @throws RangeError when there are more files than anybody means */
const createCollection = () => {
  const files: BroughtFile[] = [];
  const folders: string[] = [];
  const leftOut = new Set<string>();
  return {
    addFile(path: string, file: File): void {
      if (LEFT_OUT_FILES.has(file.name)) return;
      if (files.length >= MOST_FILES) throw new RangeError(`These are more than ${MOST_FILES} files.`);
      files.push({ path: path.normalize("NFC"), file });
    },
    addFolder: (path: string): void => void folders.push(path.normalize("NFC")),
    /** Whether to stay out of a folder inside of what was brought. */
    leavesOut(name: string): boolean {
      if (LEFT_OUT_FOLDERS.has(name)) leftOut.add(name);
      return LEFT_OUT_FOLDERS.has(name);
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
    // A reader gives a part of them at a time (100 in Chromium), and nothing when there are no more.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return children;
    children.push(...part);
  }
};

/**
 * Of a drop or a paste. What the event carries is taken before the first wait: it is gone afterwards.
 * @throws RangeError for too many files, DOMException for one that can't be read
 */
export const readTransfer = async ({ items }: DataTransfer): Promise<Brought> => {
  const taken = [...items].filter(({ kind }) => kind === "file");
  const brought = taken.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
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
    else if (one) await walk(one, one.name);
  }
  return collection.done();
};

/** Of a file field; a chosen folder's files carry their paths. @throws RangeError for too many files */
export const readChosen = (list: Iterable<File>): Brought => {
  const collection = createCollection();
  for (const file of list) {
    const path = file.webkitRelativePath === "" ? file.name : file.webkitRelativePath;
    const inside = path.split("/").slice(1, -1);
    if (!inside.some((name) => collection.leavesOut(name))) collection.addFile(path, file);
  }
  return collection.done();
};
