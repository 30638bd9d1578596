/** Why a file can't be typed into, as the editor says it beside the cursor. */
import type { ReadOnlyReason } from "./ports.ts";

const WORDS: Readonly<Record<ReadOnlyReason, string>> = {
  role: "You can look at this file, not change it.",
  binary: "This file is not text.",
  "too-large": "This file is too large to edit here.",
  "log-unavailable": "Saving is paused: what you type could be lost. Try again in a moment.",
  "signed-out": "You are signed out. Sign in to go on writing.",
  "rights-taken": "You can't edit this file any more.",
  "not-found": "This file is gone.",
  opening: "This file is still opening.",
  unreachable: "This file opens when the server is back.",
};

export const readOnlyWords = (reason: ReadOnlyReason): string => WORDS[reason];
