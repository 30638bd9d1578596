/** This page's copy of a live document: the Yjs doc of one generation with its awareness. */
import { ROOT_TEXT } from "@atelier/contracts";
import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";

export interface Replica {
  readonly doc: Y.Doc;
  readonly text: Y.Text;
  readonly awareness: Awareness;
}

/** Origin of transactions from the server; all others are the user's own edits. */
export const REMOTE_ORIGIN = Symbol("remote");
/** Origin of unsaved edits of an earlier visit. */
export const RESTORED_ORIGIN = Symbol("restored");

export function createReplica(): Replica {
  const doc = new Y.Doc();
  const awareness = new Awareness(doc);
  awareness.setLocalState(null);
  return { doc, text: doc.getText(ROOT_TEXT), awareness };
}

/** The text that updates insert, as far as it can be told without the document they belong to. */
export function insertedText(updates: readonly Uint8Array[]): string {
  const { structs } = Y.decodeUpdate(Y.mergeUpdates([...updates]));
  return structs
    .map((struct) => (struct instanceof Y.Item && struct.content instanceof Y.ContentString ? struct.content.str : ""))
    .join("");
}
