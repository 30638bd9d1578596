/** Why a name can't be given to a file or folder, as a sentence for the user who types it. */
import { parsePath, type PathFault, pathTwinKey } from "@atelier/contracts";
import { type Entries, joinPath } from "./entries.ts";

const WORDS: Readonly<Record<PathFault, string>> = {
  empty: "Give it a name.",
  absolute: "A name can't begin with a slash.",
  "empty-segment": "A slash needs a name on both sides.",
  "dot-segment": "A single or a double dot is no name.",
  "segment-too-long": "This name is too long.",
  "too-long": "This name is too long for its folder.",
  "forbidden-character": "A name can't contain a backslash or a control character.",
  "lone-surrogate": "A name can't contain an incomplete character.",
};

export type NameQuestion = {
  readonly entries: Entries;
  /** Entries whose deletion is pending: their names are free. */
  readonly hidden: ReadonlySet<string>;
  /** The folder that the name is for; empty for the project's root. */
  readonly folder: string;
  /** The entry being renamed, which may keep its own name in another case. */
  readonly ownId?: string;
};

/** A sentence, or undefined when the name can be used. Names that differ only in case count as the same. */
export const nameFault = (name: string, { entries, hidden, folder, ownId }: NameQuestion): string | undefined => {
  if (name === "") return WORDS.empty;
  const parsed = parsePath(joinPath(folder, name));
  if (!parsed.ok) return WORDS[parsed.fault];
  const key = pathTwinKey(parsed.path);
  for (const { id, path } of entries.values()) {
    if (id === ownId || hidden.has(id) || pathTwinKey(path) !== key) continue;
    return path === parsed.path ? "There is something with this name already." : `${path} is here already.`;
  }
  return undefined;
};
