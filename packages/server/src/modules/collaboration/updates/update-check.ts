/** Decides which part of an update is new to a document, and whether its sender may write it: only that part is logged and relayed. */
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import type { LiveDocument } from "../document/live-document.ts";
import { type ClockRange, type Inspection, inspectUpdate } from "./update-inspection.ts";

/** An inspected update with its sender. `isAnswer`: it answers our sync step 1. */
export type Offered = {
  readonly update: Uint8Array;
  readonly inspection: Inspection;
  readonly userId: string;
  readonly isAnswer: boolean;
};

export type UpdateVerdict =
  | { readonly kind: "known" }
  | { readonly kind: "new"; readonly update: Uint8Array; readonly inspection: Inspection }
  | { readonly kind: "refused"; readonly reason: string };

/** Limit on deletions of unknown structs while a document is open. A correct client whose updates arrive out of order makes few. */
const MAX_UNKNOWN_DELETIONS = 1_000;

const byClient = (ranges: readonly ClockRange[]): Map<number, ClockRange[]> =>
  Map.groupBy(ranges, ({ client }) => client);

/** Makes an update that has deletions only. */
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

/** Counts deletions of structs that are neither in the document nor in the update. */
const countUnknown = (document: LiveDocument, { ranges, deletions }: Inspection): number => {
  if (deletions.length === 0) return 0;
  const own = byClient(ranges);
  return deletions.filter((deletion) => {
    if (document.content.covers([deletion])) return false;
    return !(own.get(deletion.client) ?? []).some(({ to }) => deletion.to <= to);
  }).length;
};

/** Checks an update against the document's current state without changing it; `LiveDocument.accept` applies it. */
export const checkUpdate = (document: LiveDocument, offered: Offered): UpdateVerdict => {
  const { inspection, userId } = offered;
  const { content, clientOwners, deletions } = document;
  const fresh = inspection.ranges.filter((range) => !content.has(range));
  if (fresh.some(({ client }) => clientOwners.isForeign(client, userId)))
    return { kind: "refused", reason: "another user's client id" };
  const news = inspection.deletions.filter((deletion) => !deletions.has(deletion));
  if (fresh.length === 0 && news.length === 0) return { kind: "known" };
  if (document.unknownDeletions + countUnknown(document, inspection) > MAX_UNKNOWN_DELETIONS)
    return { kind: "refused", reason: "deletions of structs that do not exist" };
  if (fresh.length === 0 && (inspection.ranges.length > 0 || news.length < inspection.deletions.length)) {
    const update = encodeDeletions(news);
    return { kind: "new", update, inspection: inspectUpdate(update) };
  }
  const repeats = inspection.ranges.some((range) => content.knows(range));
  if (!repeats) return { kind: "new", update: offered.update, inspection };
  const update = Y.diffUpdate(offered.update, content.stateVector());
  return { kind: "new", update, inspection: inspectUpdate(update) };
};

/** Records the client id's owner and the deletions of an accepted update. */
export const noteAccepted = (document: LiveDocument, { inspection, userId, isAnswer }: Offered): void => {
  document.unknownDeletions += countUnknown(document, inspection);
  for (const deletion of inspection.deletions) document.deletions.add(deletion);
  // A sync answer, or an update of several clients, may contain the text of other users. New structs of a single client are its user's own.
  const clients = new Set(inspection.ranges.map(({ client }) => client));
  const [client] = clients;
  if (!isAnswer && client !== undefined && clients.size === 1) document.clientOwners.claim(client, userId);
};
