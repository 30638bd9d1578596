/** A document log in memory: for tests of what is above the log. It knows nothing of the rows of documents. */
import { type DocumentRef, Fenced, type Ownership } from "../../document/document-ref.ts";
import type { DocumentLog, LogEntry } from "../ports.ts";

type Kept = { readonly ref: DocumentRef; owner: Ownership; readonly entries: LogEntry[] };

const keyOf = ({ projectId, fileId }: DocumentRef): string => `${projectId}/${fileId}`;
const isSame = (one: Ownership, other: Ownership | undefined): boolean =>
  one.fence === other?.fence && one.generation === other.generation;
const updateBytes = (entry: LogEntry): number => (entry.kind === "checkpoint" ? 0 : entry.update.byteLength);

/** The newest entry of the generation that tells how far it is in versions. */
const checkpointed = (entries: readonly LogEntry[]): number =>
  entries.reduce((most, entry) => (entry.kind === "edit" ? most : entry.facts.checkpointedSequence), 0);

export const createMemoryDocumentLog = (): DocumentLog => {
  const documents = new Map<string, Kept>();
  return {
    async begin(owner) {
      const kept = documents.get(keyOf(owner.ref));
      if (kept === undefined) documents.set(keyOf(owner.ref), { ref: owner.ref, owner, entries: [] });
      else if (owner.fence < kept.owner.fence || owner.generation < kept.owner.generation) throw new Fenced();
      else kept.owner = owner;
    },
    async append(entries) {
      const refused = new Set<Ownership>();
      for (const entry of entries) {
        const kept = documents.get(keyOf(entry.owner.ref));
        if (kept === undefined || !isSame(entry.owner, kept.owner)) refused.add(entry.owner);
        else if (!kept.entries.some(({ owner, sequence }) => isSame(owner, entry.owner) && sequence === entry.sequence))
          kept.entries.push(entry);
      }
      return [...refused];
    },
    async read(ref, { generation, after }) {
      const entries = documents.get(keyOf(ref))?.entries ?? [];
      return entries.filter(({ owner, sequence }) => owner.generation === generation && sequence > after);
    },
    async truncate(ref, { generation, through, keptBytes }) {
      const kept = documents.get(keyOf(ref));
      let bytes = 0;
      for (let index = (kept?.entries.length ?? 0) - 1; index >= 0; index -= 1) {
        const entry = kept?.entries[index];
        if (entry === undefined) continue;
        bytes += updateBytes(entry);
        const isCovered = entry.owner.generation < generation || entry.sequence <= through;
        if (isCovered && bytes > keptBytes) kept?.entries.splice(index, 1);
      }
    },
    async listUnwritten(projectId) {
      const found: DocumentRef[] = [];
      for (const { ref, owner, entries } of documents.values()) {
        const newest = entries.filter((entry) => entry.owner.generation === owner.generation);
        const through = checkpointed(newest);
        const isUnwritten = newest.some((entry) => entry.sequence > through && updateBytes(entry) > 0);
        if (isUnwritten && (projectId === undefined || projectId === ref.projectId)) found.push(ref);
      }
      return found;
    },
  };
};
