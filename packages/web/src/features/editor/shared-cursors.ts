/** Reads and writes who has which selection in a document's awareness. */
import { type AwarenessState, AwarenessStateSchema } from "@atelier/contracts/collaboration";
import * as Y from "yjs";
import type { Replica } from "../collaboration/replica.ts";
import { safeColor } from "./cursor-color.ts";
import type { EditorUser } from "./ports.ts";

/** Another window's cursor, as offsets of the text now. */
export interface SharedCursor {
  clientId: number;
  user: EditorUser;
  /** Undefined while that window has no cursor in the text. */
  selection: { anchor: number; head: number } | undefined;
}

/** Everybody else in the document; states that do not follow the contract are left out. */
export function sharedCursors({ doc, text, awareness }: Replica): SharedCursor[] {
  const cursors: SharedCursor[] = [];
  for (const [clientId, value] of awareness.getStates()) {
    if (clientId === awareness.clientID) continue;
    const parsed = AwarenessStateSchema.safeParse(value);
    if (!parsed.success) continue;
    const { user, selection } = parsed.data;
    const anchor = selection && offsetOf(selection.anchor, doc, text);
    const head = selection && offsetOf(selection.head, doc, text);
    cursors.push({
      clientId,
      user: { id: user.id, name: user.name.trim() || "Somebody", color: safeColor(user.color, user.id) },
      selection:
        anchor === undefined || head === undefined || anchor === null || head === null ? undefined : { anchor, head },
    });
  }
  return cursors.toSorted((a, b) => a.clientId - b.clientId);
}

/** Says where this window's cursor is; `undefined` takes it away and leaves the reader among those present. */
export function announceCursor(
  { text, awareness }: Replica,
  user: EditorUser,
  selection: { anchor: number; head: number } | undefined,
): void {
  const at = (offset: number) =>
    Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, Math.min(offset, text.length), -1)) as never;
  const state: AwarenessState = {
    user: { id: user.id, name: user.name, color: user.color },
    selection: selection ? { anchor: at(selection.anchor), head: at(selection.head) } : null,
  };
  awareness.setLocalState(state);
}

function offsetOf(json: unknown, doc: Y.Doc, text: Y.Text): number | undefined {
  try {
    const position = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(json), doc);
    return position?.type === text ? position.index : undefined;
  } catch {
    // Any client may write anything here; a position that cannot be read is no position.
    return undefined;
  }
}
