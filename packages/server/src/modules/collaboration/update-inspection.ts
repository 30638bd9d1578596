/** Looks into an update without integrating it: is it well formed, is it plain text editing, and what does it cover. */
import { ROOT_TEXT } from "@atelier/contracts";
import * as Y from "yjs";
import { BadMessage } from "./frames.ts";

/** Struct clocks of one client that an update carries: from (inclusive) to (exclusive). */
export type ClockRange = { readonly client: number; readonly from: number; readonly to: number };

export type Inspection = {
  readonly ranges: readonly ClockRange[];
  readonly hasDeletions: boolean;
  /** How many pieces it brings: taking them in may cost the square of their number. */
  readonly structs: number;
  /** The Yjs client whose structs come first; null when the update only deletes. */
  readonly clientId: number | null;
};

/** Looking into a larger update takes so long that the worker thread does it. */
export const INLINE_INSPECTION_BYTES = 128 * 1024;
/** Beyond these Yjs's own arithmetic gets unsafe. */
const MAX_CLOCK = 2 ** 31;
const MAX_CLIENT = 2 ** 53 - 1;

/**
 * What a text editor makes: strings, formatting, deletions. Anything else (nested types, sub-documents, embeds) has no
 * place in a file and could make a replay fail, so it is refused before anybody sees it.
 */
const checkItem = (item: Y.Item): void => {
  const { content } = item;
  const allowed =
    content instanceof Y.ContentString || content instanceof Y.ContentDeleted || content instanceof Y.ContentFormat;
  if (!allowed) throw new BadMessage("content that is not text");
  if (item.parentSub !== null) throw new BadMessage("an attribute of the text");
  // As decoded, the parent is the root's name; it is absent where the neighbours imply it.
  const parent: unknown = item.parent;
  if (parent !== null && parent !== ROOT_TEXT) throw new BadMessage("another root than the text");
};

/** @throws BadMessage when it is malformed or is more than editing the root text. */
export const inspectUpdate = (update: Uint8Array): Inspection => {
  let decoded: ReturnType<typeof Y.decodeUpdate>;
  try {
    decoded = Y.decodeUpdate(update);
  } catch (error) {
    throw new BadMessage("not an update", { cause: error });
  }
  const ranges: { client: number; from: number; to: number }[] = [];
  for (const struct of decoded.structs) {
    const { client, clock } = struct.id;
    const end = clock + struct.length;
    if (!(struct.length > 0) || end > MAX_CLOCK || client > MAX_CLIENT) throw new BadMessage("a struct out of range");
    if (struct instanceof Y.Skip) continue;
    if (struct instanceof Y.Item) checkItem(struct);
    const last = ranges.at(-1);
    if (last !== undefined && last.client === client && last.to === clock) last.to = end;
    else ranges.push({ client, from: clock, to: end });
  }
  for (const [client, deletions] of decoded.ds.clients) {
    if (client > MAX_CLIENT) throw new BadMessage("a deletion out of range");
    for (const { clock, len } of deletions)
      if (!(len > 0) || clock + len > MAX_CLOCK) throw new BadMessage("a deletion out of range");
  }
  return {
    ranges,
    hasDeletions: decoded.ds.clients.size > 0,
    structs: decoded.structs.length,
    clientId: ranges[0]?.client ?? null,
  };
};
