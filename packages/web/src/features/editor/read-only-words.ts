/** Why a file can't be typed into, as the editor says it beside the cursor. */
import type { ReadOnlyReason } from "./ports.ts";

const WORDS: Readonly<Record<ReadOnlyReason, string>> = {
  role: "You can view this file, but not edit it.",
  binary: "This file is not text.",
  "too-large": "This file is too large to edit here.",
  "log-unavailable": "Saving is paused, so edits could be lost. Try again soon.",
  "signed-out": "You are signed out. Sign in to continue.",
  "rights-taken": "You can't edit this file any more.",
  "not-found": "This file was deleted.",
  opening: "This file is still opening.",
  unreachable: "This file opens when the server can be reached again.",
};

export const readOnlyWords = (reason: ReadOnlyReason): string => WORDS[reason];
