/** What of an update is new to a document, and whether its sender may say it: only that is logged and passed on. */
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import type { LiveDocument } from "./live-document.ts";
import { type ClockRange, type Inspection, inspectUpdate } from "./update-inspection.ts";

/** An update that was looked into, with its sender. `isAnswer`: it answers our sync step 1. */
export type Offered = {
  readonly update: Uint8Array;
  readonly inspection: Inspection;
  readonly userId: string;
  readonly isAnswer: boolean;
};

export type Admission =
  | { readonly kind: "known" }
  | { readonly kind: "new"; readonly update: Uint8Array; readonly inspection: Inspection }
  | { readonly kind: "refused"; readonly reason: string };

/** Deletions of what nobody has, over the whole time that a document is open. A client that lost its order makes few. */
const MAX_UNKNOWN_DELETIONS = 1_000;

const byClient = (ranges: readonly ClockRange[]): Map<number, ClockRange[]> =>
  Map.groupBy(ranges, ({ client }) => client);

/** An update of deletions alone. */
const encodeDeletions = (deletions: readonly ClockRange[]): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 0);
    const clients = byClient(deletions);
    encoding.writeVarUint(encoder, clients.size);
    for (const [client, ranges] of clients) {
      encoding.writeVarUint(encoder, client);
      encoding.writeVarUint(encoder, ranges.length);
      for (const { from, to } of ranges) {
        encoding.writeVarUint(encoder, from);
        encoding.writeVarUint(encoder, to - from);
      }
    }
  });

/** Deletions of structs that are neither in the document nor in the update. */
const countUnknown = (document: LiveDocument, { ranges, deletions }: Inspection): number => {
  if (deletions.length === 0) return 0;
  const own = byClient(ranges);
  return deletions.filter((deletion) => {
    if (document.content.covers([deletion])) return false;
    return !(own.get(deletion.client) ?? []).some(({ to }) => deletion.to <= to);
  }).length;
};

/** Judges an update against the document as it is now. Nothing is noted: that is `LiveDocument.accept`. */
export const admitUpdate = (document: LiveDocument, offered: Offered): Admission => {
  const { inspection, userId } = offered;
  const { content, clientOwners, deletions } = document;
  const fresh = inspection.ranges.filter((range) => !content.holds(range));
  if (fresh.some(({ client }) => clientOwners.isForeign(client, userId)))
    return { kind: "refused", reason: "another user's client id" };
  const news = inspection.deletions.filter((deletion) => !deletions.has(deletion));
  if (fresh.length === 0 && news.length === 0) return { kind: "known" };
  if (document.unknownDeletions + countUnknown(document, inspection) > MAX_UNKNOWN_DELETIONS)
    return { kind: "refused", reason: "deletions of what does not exist" };
  if (fresh.length === 0 && (inspection.ranges.length > 0 || news.length < inspection.deletions.length)) {
    const update = encodeDeletions(news);
    return { kind: "new", update, inspection: inspectUpdate(update) };
  }
  const repeats = inspection.ranges.some((range) => content.knows(range));
  if (!repeats) return { kind: "new", update: offered.update, inspection };
  const update = Y.diffUpdate(offered.update, content.stateVector());
  return { kind: "new", update, inspection: inspectUpdate(update) };
};

/** Notes what an accepted update says of its sender and of deletions. */
export const noteAccepted = (document: LiveDocument, { inspection, userId, isAnswer }: Offered): void => {
  document.unknownDeletions += countUnknown(document, inspection);
  for (const deletion of inspection.deletions) document.deletions.add(deletion);
  // An answer may bring what others typed; so may an update of several clients. One client's news are its user's own.
  const clients = new Set(inspection.ranges.map(({ client }) => client));
  const [client] = clients;
  if (!isAnswer && client !== undefined && clients.size === 1) document.clientOwners.claim(client, userId);
};
