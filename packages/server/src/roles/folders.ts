/** The folders of this server on this machine, after the settings and their defaults. */
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

type FolderSettings = {
  readonly DATA_DIR: string | undefined;
  readonly XDG_DATA_HOME: string | undefined;
  readonly XDG_CACHE_HOME: string | undefined;
  readonly ATELIER_CACHE_DIR: string | undefined;
  readonly IMAGES_DIR: string | undefined;
  readonly TOOLS_DIR: string | undefined;
};

export type Folders = {
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly imagesDir: string;
  /** Where runsc is looked for before the PATH. */
  readonly toolsDir: string;
  /** The checkout: declarations of languages, the sandbox's first process, the built page. */
  readonly root: string;
};

const isRoot = process.getuid?.() === 0;

export const findFolders = (settings: FolderSettings): Folders => {
  const cacheDir =
    settings.ATELIER_CACHE_DIR ??
    (isRoot ? "/var/cache/atelier" : join(settings.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "atelier"));
  return {
    dataDir:
      settings.DATA_DIR ??
      (isRoot ? "/var/lib/atelier" : join(settings.XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "atelier")),
    cacheDir,
    imagesDir: settings.IMAGES_DIR ?? join(cacheDir, "images"),
    toolsDir: settings.TOOLS_DIR ?? join(cacheDir, "tools"),
    root: resolve(import.meta.dirname, "../../../.."),
  };
};

/** The first program of that name in the folders. */
const findProgram = (name: string, folders: readonly string[]): string | undefined =>
  folders.map((folder) => join(folder, name)).find((path) => existsSync(path));

const SYSTEM_FOLDERS = ["/usr/local/bin", "/usr/bin", "/bin"];

/** bubblewrap as the system installed it. */
export const findBubblewrap = (): string | undefined => findProgram("bwrap", SYSTEM_FOLDERS);

/** The folders that the setup made there, newest first. */
const runscFolders = async (parent: string): Promise<string[]> => {
  const names = (await readdir(parent).catch(() => [])).filter((name) => name.startsWith("runsc-"));
  const dated = await Promise.all(
    names.map(async (name) => ({ folder: join(parent, name), madeMs: (await stat(join(parent, name))).mtimeMs })),
  );
  return dated.toSorted((a, b) => b.madeMs - a.madeMs).map(({ folder }) => folder);
};

/**
 * runsc in the tools folder itself, or in the newest of the folders that the setup made there, or, where the tools folder is
 * such a folder without one, beside it (built in the background); else as the system installed it.
 */
export const findRunsc = async (toolsDir: string): Promise<string | undefined> => {
  const beside = basename(toolsDir).startsWith("runsc-") ? await runscFolders(dirname(toolsDir)) : [];
  return findProgram("runsc", [toolsDir, ...(await runscFolders(toolsDir)), ...beside, ...SYSTEM_FOLDERS]);
};
