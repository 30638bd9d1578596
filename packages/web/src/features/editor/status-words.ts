/** The editor's status in words. */
import type { EditorStatus, Indentation } from "./ports.ts";

export const indentationWords = ({ spaces, size }: Indentation): string => `${spaces ? "Spaces" : "Tabs"}: ${size}`;

/** `Ln 3, Col 14`, with what is selected, or how many cursors there are. */
export const positionWords = ({
  line,
  column,
  cursors,
  selected,
}: Pick<EditorStatus, "line" | "column" | "cursors" | "selected">): string => {
  const position = cursors > 1 ? `${cursors} cursors` : `Ln ${line}, Col ${column}`;
  return selected > 0 ? `${position} (${selected} selected)` : position;
};
