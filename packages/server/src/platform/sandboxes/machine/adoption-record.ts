/** The record in the folder of a sandbox that may outlive its server process, for the process that adopts it. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SandboxBlueprint } from "../ports.ts";
import { type HostProcess, isAlive } from "./host-processes.ts";

export type AdoptionRecord = {
  readonly shim: HostProcess;
  /** A process in the sandbox's network namespace, where its sockets belong to the host's kernel. */
  readonly networkPid?: number | undefined;
  readonly blueprint: SandboxBlueprint;
  /** Its files are on a disk of the host, and not in memory. */
  readonly hasDisk: boolean;
};

const fileIn = (folder: string): string => join(folder, "adoption.json");

/** Replaces the record as a whole. */
export const writeAdoption = (
  resources: { readonly folder: string; readonly blueprint: SandboxBlueprint; readonly disk: unknown },
  record: Omit<AdoptionRecord, "blueprint" | "hasDisk">,
): void => {
  const path = fileIn(resources.folder);
  writeFileSync(
    `${path}.new`,
    JSON.stringify({
      ...record,
      blueprint: resources.blueprint,
      hasDisk: resources.disk !== undefined,
    } satisfies AdoptionRecord),
  );
  renameSync(`${path}.new`, path);
};

/**
 * The record of a sandbox that can be adopted: its shim lives, which ends at the sandbox's deadline. Undefined for any other folder, and for
 * a sandbox that was not ready yet when its server process died.
 */
export const readAdoption = (folder: string): AdoptionRecord | undefined => {
  try {
    // Only this server writes into the folder.
    const record = JSON.parse(readFileSync(fileIn(folder), "utf8")) as AdoptionRecord;
    return isAlive(record.shim) ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
};
