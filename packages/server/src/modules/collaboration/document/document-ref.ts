/** Which document, which history of it, and who may write it. */

export type DocumentRef = { readonly projectId: string; readonly fileId: string };

/** Who may write a document: a generation under the fence of its present owner. */
export type Ownership = { readonly ref: DocumentRef; readonly generation: number; readonly fence: bigint };

/** Thrown when somebody else owns the document by now. */
export class Fenced extends Error {
  override readonly name = "Fenced";
}
