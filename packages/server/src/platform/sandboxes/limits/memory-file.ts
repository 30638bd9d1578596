/** The file of shared memory in which gVisor's kernel keeps all of its program's memory, seen from outside. */
import { readdirSync, readlinkSync, statSync } from "node:fs";

/** The name that runsc gives it, in Debian's version and the current one. */
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
    // The process has ended, or closes its files at this moment.
  }
  return undefined;
};

/**
 * Reads the allocated bytes of a sandbox's memory file; undefined when none of the processes has it open. Unmapped pages count too, because
 * gVisor maps only few of the pages that its program uses.
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
