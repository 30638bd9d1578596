/** What projects needs from live documents: it declares, collaboration answers, main wires. */

/** The live side of a file. Every method is cheap when the file is not open. */
export interface LiveDocuments {
  /**
   * Writes pending edits of one file (or of all files of the project) into file versions.
   * @throws Problem collaboration/document-unavailable when the edits can't be read: then nothing older is served as newest.
   */
  checkpoint(projectId: string, fileId?: string): Promise<void>;
  /**
   * Brings a version written from outside into the open document as a minimal change; the text it is computed against is
   * that of version `basedOn`. Resolves when the change is in the document's log. Does nothing when the file has no document.
   */
  applyExternal(change: {
    readonly projectId: string;
    readonly fileId: string;
    readonly basedOn: number;
    readonly version: number;
    readonly bytes: Uint8Array;
    readonly userId: string;
  }): Promise<void>;
}
