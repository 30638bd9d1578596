/** The file of shared memory in which gVisor's kernel keeps all of its program's memory, seen from outside. */
import { readdirSync, readlinkSync, statSync } from "node:fs";

/** As runsc names it, in Debian's version and the current one. */
const memoryFileLink = "/memfd:runsc-memory (deleted)";

type Found = { readonly path: string; readonly inode: number };

const find = (pid: number): Found | undefined => {
  const folder = `/proc/${pid}/fd`;
  try {
    for (const fd of readdirSync(folder)) {
      const path = `${folder}/${fd}`;
      if (readlinkSync(path) === memoryFileLink) return { path, inode: statSync(path).ino };
    }
  } catch {
    // It has ended, or just closes what it had open.
  }
  return undefined;
};

/**
 * Reads how many bytes of one sandbox's memory file the host holds; undefined where none of the processes has it open. Pages
 * count whether or not a process maps them at the moment: gVisor maps few of those that its program uses.
 */
export const createMemoryFileReader = (): ((pids: readonly number[]) => number | undefined) => {
  let found: Found | undefined;
  const read = (): number | undefined => {
    if (found === undefined) return undefined;
    try {
      const { ino, blocks } = statSync(found.path);
      return ino === found.inode ? blocks * 512 : undefined;
    } catch {
      return undefined;
    }
  };
  return (pids) => {
    const bytes = read();
    if (bytes !== undefined) return bytes;
    for (const pid of pids) {
      found = find(pid);
      if (found !== undefined) return read();
    }
    return undefined;
  };
};
