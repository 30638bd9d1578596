/** One line of the palette's list, and text in which the found letters are marked. */
import type { Result } from "fuzzysort";

export type TextPart = { readonly text: string; readonly isFound: boolean };

export type PaletteItem = {
  readonly id: string;
  readonly label: readonly TextPart[];
  readonly detail?: readonly TextPart[];
  /** A path whose icon is shown. */
  readonly path?: string;
  readonly keys?: readonly string[];
  readonly run: () => void;
};

export const plainText = (text: string): TextPart[] => [{ text, isFound: false }];

/** A part of the found text, from `from` to `to` (UTF-16 offsets), as runs of found and other letters. */
export const textOf = (
  { target, indexes }: Pick<Result, "target" | "indexes">,
  from = 0,
  to = target.length,
): TextPart[] => {
  const found = new Set(indexes);
  const parts: { text: string; isFound: boolean }[] = [];
  for (let at = from; at < to; at += 1) {
    const isFound = found.has(at);
    const last = parts.at(-1);
    if (last?.isFound === isFound) last.text += target.charAt(at);
    else parts.push({ text: target.charAt(at), isFound });
  }
  return parts;
};
