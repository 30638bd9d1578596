/** How much memory the machine has available for more programs. */
import { readFileSync } from "node:fs";
import { freemem } from "node:os";

/** Bytes; the kernel's own estimate where it gives one. */
export const availableMemoryBytes = (): number => {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB$/mu.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // This kernel has no such file.
  }
  return freemem();
};
