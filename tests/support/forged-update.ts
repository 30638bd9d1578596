/** A well-formed change of a live document that nobody's page sent. */
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import { MESSAGE } from "@atelier/contracts";

const UPDATE = 2;

/** A y-protocols update message that inserts the text at the document's beginning. */
export const forgedUpdate = (text: string): Uint8Array => {
  const forged = new Y.Doc();
  forged.getText("content").insert(0, text);
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, MESSAGE.sync);
  encoding.writeVarUint(encoder, UPDATE);
  encoding.writeVarUint8Array(encoder, Y.encodeStateAsUpdate(forged));
  return encoding.toUint8Array(encoder);
};
