/** Which document, which history of it, and who may write it. */

export type DocumentRef = { readonly projectId: string; readonly fileId: string };

/** The right to write a document: its generation, under the fence of the current owner. */
export type Ownership = { readonly ref: DocumentRef; readonly generation: number; readonly fence: bigint };

/** Thrown when another process has become the owner of the document. */
export class Fenced extends Error {
  override readonly name = "Fenced";
}
