/** Lists the run configurations of a project: reads the files that determine them, and applies the rules of run-configurations. */
import type { Actor } from "#kernel/actor";
import type { LiveFiles } from "#collaboration";
import type { Entry, RunConfiguration } from "@atelier/contracts";
import { configurationsOf, createProjectView, type Environment, filesToRead } from "@atelier/run-configurations";
import type { SourceFile } from "./source-files.ts";

/** Limit on the bytes read, above the sizes that inference accepts, because a file may have grown since its entry was read. */
const READ_BYTES = 16 * 1_048_576;

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

/** The configurations of a program whose files are in memory. */
export const configurationsOfFiles = (files: readonly SourceFile[], environment: Environment): RunConfiguration[] => {
  const contents = new Map(files.map(({ path, bytes }) => [path, bytes]));
  const texts = filesToRead(files).map((path): [string, string] => [
    path,
    textOf(contents.get(path) ?? new Uint8Array()),
  ]);
  return configurationsOf(createProjectView(files, new Map(texts)), environment);
};

/**
 * The configurations of a project: only the files that matter are read.
 * @throws Problem as LiveFiles.readAll.
 */
export const configurationsOfProject = async (
  reader: Pick<LiveFiles, "readAll">,
  {
    actor,
    projectId,
    environment,
  }: { readonly actor: Actor; readonly projectId: string; readonly environment: Environment },
): Promise<RunConfiguration[]> => {
  let files: { path: string; size: number }[] = [];
  const choose = (entries: readonly Entry[]): ReadonlySet<string> => {
    files = entries.filter(({ kind }) => kind === "file").map(({ path, size }) => ({ path, size }));
    const wanted = new Set(filesToRead(files));
    return new Set(entries.filter(({ path }) => wanted.has(path)).map(({ id }) => id));
  };
  const read = await reader.readAll(actor, projectId, { maxBytes: READ_BYTES, choose });
  const texts = new Map(read.map(({ entry, bytes }) => [entry.path, textOf(bytes)]));
  return configurationsOf(createProjectView(files, texts), environment);
};
