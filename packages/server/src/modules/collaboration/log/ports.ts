/** The port of the document log: all updates of each document, in order. ports.contract.ts tests what every adapter must do. */
import type { DocumentRef, Ownership } from "../document/document-ref.ts";
import type { TextFormat } from "../materialise/text-format.ts";

/** The state of a document beside its text. Every entry except an edit carries all of it, so that no other record is needed to read the log. */
export type LogFacts = {
  /** The file version that the text includes. */
  readonly baseVersion: number;
  /** Updates up to this one are in that version. */
  readonly checkpointedSequence: number;
  readonly format: TextFormat;
  /** A checkpoint that was in progress: it may or may not have become a version. */
  readonly saving: { readonly sequence: number; readonly hash: string } | null;
  /** Who edited since the last checkpoint, in the order of their last edit. */
  readonly editorIds: readonly string[];
};

type Numbered = {
  readonly owner: Ownership;
  /** From 1, of one generation. Gaps are possible. */
  readonly sequence: number;
};
/** An update and its author. */
type Authored = {
  readonly update: Uint8Array;
  readonly userId: string | null;
  readonly clientId: number | null;
};

/** The text that a generation begins with. */
export type SeedEntry = Numbered & { readonly kind: "seed"; readonly update: Uint8Array; readonly facts: LogFacts };
export type EditEntry = Numbered & Authored & { readonly kind: "edit" };
/** A version written from outside. The update is empty when the text had it already. */
export type ExternalEntry = Numbered & Authored & { readonly kind: "external"; readonly facts: LogFacts };
/** The document's current facts; no update. */
export type CheckpointEntry = Numbered & { readonly kind: "checkpoint"; readonly facts: LogFacts };
export type LogEntry = SeedEntry | EditEntry | ExternalEntry | CheckpointEntry;

export interface DocumentLog {
  /**
   * From now on only this owner may append to the document, and only to this generation.
   * @throws Fenced when an owner with a newer fence, or a newer generation, has begun
   */
  begin(owner: Ownership): Promise<void>;
  /**
   * Durable when it resolves. Of each document in the batch all entries are appended or none; appending an entry again does nothing.
   * @returns the owners that were refused because they are not those that have begun
   */
  append(entries: readonly LogEntry[]): Promise<Ownership[]>;
  /** The generation's entries after a sequence, in order, without those of an owner that was replaced before they were appended. */
  read(ref: DocumentRef, from: { readonly generation: number; readonly after: number }): Promise<LogEntry[]>;
  /**
   * Allows to remove entries of older generations and those up to `through`, because reading the document does not need them. They may be
   * removed now or later, except for the newest `keptBytes` of the document.
   */
  truncate(
    ref: DocumentRef,
    to: { readonly generation: number; readonly through: number; readonly keptBytes: number },
  ): Promise<void>;
  /**
   * Documents, of one project or all, that have updates beyond the last version that was noted of them: their own last facts, or what they
   * noted since. More may be listed than there are, none is left out.
   */
  listUnwritten(projectId?: string): Promise<DocumentRef[]>;
}
