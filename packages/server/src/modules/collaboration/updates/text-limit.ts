/** Checks whether an update would exceed the limits on a document's text and history. */
import { MAX_DOCUMENT_BYTES } from "@atelier/contracts";
import type { LiveDocument } from "../document/live-document.ts";
import { type Materialiser, Overrun } from "../materialise/materialiser.ts";
import type { Inspection } from "./update-inspection.ts";

/** A text may exceed its limit by this much before it is measured, so that near the limit not every key costs a measurement. */
export const GROWTH_SLACK_BYTES = 256 * 1024;
/** Larger compacted history is dropped: a new generation begins from the text. */
export const MAX_STATE_BYTES = 4 * MAX_DOCUMENT_BYTES;

/** An update with more structs is applied in a worker before it is relayed: crafted ones of a few thousand block a browser for minutes. */
const MAX_UNTRIED_STRUCTS = 2_000;
const MAX_TRIAL_CPU_MS = 500;
const MOST_FILE_BYTES = MAX_DOCUMENT_BYTES + GROWTH_SLACK_BYTES;

/** `unknown`: the document has to be compacted to measure it. */
export type Capacity = "enough" | "none" | "unknown";

export type Weighed = { readonly update: Uint8Array; readonly inspection: Inspection };

/** Decides by sizes only: an update makes a text longer by at most its own size, except for line ends of two bytes. */
const capacityFor = (
  document: Pick<LiveDocument, "content" | "format" | "hasOwnEnds" | "isFull">,
  { update, inspection }: Weighed,
): Capacity => {
  const { stateFileBytes, stateBytes, tailBytes } = document.content;
  const factor = document.format.eol === "crlf" || document.hasOwnEnds ? 2 : 1;
  if (inspection.structs === 0) return tailBytes > MOST_FILE_BYTES ? "unknown" : "enough";
  if (document.isFull) return "none";
  const most = (stateFileBytes ?? stateBytes * factor) + (tailBytes + update.byteLength) * factor;
  if (most <= MOST_FILE_BYTES && (stateFileBytes ?? 0) <= MAX_DOCUMENT_BYTES) return "enough";
  return stateFileBytes !== undefined && tailBytes === 0 ? "none" : "unknown";
};

/** Whether an update may be relayed without a trial: there is capacity, and it is small enough to be quick. */
export const isSurelyFine = (
  document: Pick<LiveDocument, "content" | "format" | "hasOwnEnds" | "isFull">,
  weighed: Weighed,
): boolean => weighed.inspection.structs <= MAX_UNTRIED_STRUCTS && capacityFor(document, weighed) === "enough";

export type CapacityParts = {
  readonly materialiser: Materialiser;
  /** Compacts the document, which measures it. */
  readonly compact: (document: LiveDocument) => Promise<void>;
};

/** Why an update is refused; undefined: it is accepted. */
export type Refusal = "too-large" | "too-slow" | undefined;

/** Applies the update in a worker to measure it. @throws Error when the document can't be read */
export const tryOut = async (parts: CapacityParts, document: LiveDocument, weighed: Weighed): Promise<Refusal> => {
  const { update, inspection } = weighed;
  if (capacityFor(document, weighed) !== "enough") await parts.compact(document);
  if (document.isGone || isSurelyFine(document, weighed)) return undefined;
  // An update that also deletes may make the text shorter.
  if (capacityFor(document, weighed) === "none" && inspection.deletions.length === 0) return "too-large";
  const tried = await parts.materialiser
    .run(
      "measure",
      () => ({ packed: document.content.packed(), update: update.slice(), format: document.format }),
      document.work,
    )
    .catch((error: unknown) => {
      if (error instanceof Overrun) return "too-slow" as const;
      throw error;
    });
  if (tried === "too-slow" || tried.cpuMs > MAX_TRIAL_CPU_MS) return "too-slow";
  const before = document.content.stateFileBytes ?? 0;
  return tried.fileBytes <= (document.isFull ? before : Math.max(MAX_DOCUMENT_BYTES, before)) ? undefined : "too-large";
};
