/** Describes in words what happened to the files that a run wrote. */
import type { CollectedFile, SkipReason } from "@atelier/contracts";

const REASONS: Readonly<Record<SkipReason, string>> = {
  name: "its name is not allowed in a project",
  "not-a-file": "it is a link or a device",
  "too-many": "a run can add at most 100 files",
  "too-large": "a run can add at most 20 MB",
  unreadable: "it could not be read",
  "out-of-time": "there was no time left for it",
  "no-right": "you may not edit this project any more",
  "no-room": "the project or its owner's account is full",
  "path-taken": "its name is taken",
  "changed-meanwhile": "it was also changed here, and is not text",
  "not-saved": "it could not be saved",
};

export type WrittenFiles = {
  /** `2 files written`; empty when there are none. */
  readonly headline: string;
  readonly written: readonly string[];
  /** `big.bin was not kept: a run can add at most 20 MB`, for the first few. */
  readonly notes: readonly string[];
};

const MOST_NOTES = 3;

const counted = (count: number, words: string): string => `${count} ${count === 1 ? "file" : "files"} ${words}`;

export const writtenFiles = (collected: readonly CollectedFile[]): WrittenFiles => {
  const written = collected.filter(({ version }) => version !== null).map(({ path }) => path);
  const skipped = collected.flatMap(({ path, skipped: reason }) => (reason === undefined ? [] : [{ path, reason }]));
  const notes = skipped.slice(0, MOST_NOTES).map(({ path, reason }) => `${path} was not kept: ${REASONS[reason]}`);
  const more = skipped.length - notes.length;
  return {
    headline: written.length === 0 ? "" : counted(written.length, "written"),
    written,
    notes: more > 0 ? [...notes, `${counted(more, "more")} ${more === 1 ? "was" : "were"} not kept`] : notes,
  };
};
