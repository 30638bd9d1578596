/** The tests that every DocumentLog must pass; the test of each adapter calls them. */
import { describe, expect, test } from "vitest";
import type { DocumentRef, Ownership } from "../document/document-ref.ts";
import type { DocumentLog, EditEntry, LogEntry, LogFacts } from "./ports.ts";

export type DocumentLogFixture = {
  readonly log: DocumentLog;
  /** A document without entries, of this project or a new one. Its generation is 1. */
  readonly addDocument: (projectId?: string) => Promise<DocumentRef>;
  /** Ends the generation of a document in its row. */
  readonly endGeneration: (owner: Ownership) => Promise<void>;
  /** A user who may be named as an author. */
  readonly userId: string;
};

const facts = (checkpointedSequence: number, more: Partial<LogFacts> = {}): LogFacts => ({
  baseVersion: 3,
  checkpointedSequence,
  format: { eol: "crlf", byteOrderMark: true },
  saving: null,
  editorIds: [],
  ...more,
});
const edit = (owner: Ownership, sequence: number, text = `edit ${sequence}`): EditEntry => ({
  kind: "edit",
  owner,
  sequence,
  update: Buffer.from(text),
  userId: null,
  clientId: null,
});
const seed = (owner: Ownership): LogEntry => ({
  kind: "seed",
  owner,
  sequence: 1,
  update: Buffer.from("seed"),
  facts: facts(1),
});
/** Entries with their bytes as plain Uint8Arrays, because adapters may return a subclass. */
const plain = (entries: readonly LogEntry[]): unknown[] =>
  entries.map((entry) => ("update" in entry ? { ...entry, update: Buffer.from(entry.update).toString() } : entry));
const sequences = (entries: readonly LogEntry[]): number[] => entries.map(({ sequence }) => sequence);

export const describeDocumentLog = (name: string, open: () => Promise<DocumentLogFixture>): void => {
  describe(`DocumentLog: ${name}`, () => {
    const begin = async (log: DocumentLog, ref: DocumentRef, fence: bigint, generation = 1): Promise<Ownership> => {
      const owner = { ref, generation, fence };
      await log.begin(owner);
      return owner;
    };

    test("[D1] reading returns entries of every kind after the requested sequence, in order and unchanged", async () => {
      const { log, addDocument, userId } = await open();
      const owner = await begin(log, await addDocument(), 5n);
      const entries: LogEntry[] = [
        seed(owner),
        { ...edit(owner, 2), userId, clientId: 4_294_967_295 },
        { ...edit(owner, 3), kind: "external", userId, facts: facts(3, { editorIds: [userId] }) },
        { ...edit(owner, 5, ""), kind: "external", clientId: 7, facts: facts(3) },
        { kind: "checkpoint", owner, sequence: 6, facts: facts(2, { saving: { sequence: 3, hash: "ab" } }) },
      ];
      expect(await log.append([entries[0] ?? seed(owner), entries[1] ?? seed(owner)])).toEqual([]);
      expect(await log.append(entries.slice(2))).toEqual([]);
      expect(plain(await log.read(owner.ref, { generation: 1, after: 0 }))).toEqual(plain(entries));
      expect(sequences(await log.read(owner.ref, { generation: 1, after: 3 }))).toEqual([5, 6]);
      expect(await log.read(owner.ref, { generation: 2, after: 0 })).toEqual([]);
    });

    test("[D2] an entry that is appended again, also in a batch with new ones, is stored once", async () => {
      const { log, addDocument } = await open();
      const owner = await begin(log, await addDocument(), 5n);
      await log.append([seed(owner), edit(owner, 2)]);
      expect(await log.append([seed(owner), edit(owner, 2)])).toEqual([]);
      expect(await log.append([edit(owner, 2), edit(owner, 3)])).toEqual([]);
      expect(sequences(await log.read(owner.ref, { generation: 1, after: 0 }))).toEqual([1, 2, 3]);
    });

    test("[D3] appends of a replaced owner, and of one that has not called begin, are refused; others of the batch are not", async () => {
      const { log, addDocument } = await open();
      const [mine, theirs] = [await addDocument(), await addDocument()];
      const old = await begin(log, mine, 5n);
      await log.append([seed(old)]);
      const other = await begin(log, theirs, 6n);
      const newer = await begin(log, mine, 7n);
      expect(await log.append([edit(old, 2, "late"), seed(other)])).toEqual([old]);
      expect(await log.append([edit({ ...newer, fence: 8n }, 2, "early")])).toHaveLength(1);
      await log.append([edit(newer, 2, "new")]);
      expect(plain(await log.read(mine, { generation: 1, after: 1 }))).toEqual(plain([edit(newer, 2, "new")]));
      expect(sequences(await log.read(theirs, { generation: 1, after: 0 }))).toEqual([1]);
    });

    test("[D4] begin is refused with an older fence, and in a generation that has ended", async () => {
      const { log, addDocument, endGeneration } = await open();
      const owner = await begin(log, await addDocument(), 5n);
      await begin(log, owner.ref, 5n);
      await expect(begin(log, owner.ref, 4n)).rejects.toMatchObject({ name: "Fenced" });
      await log.append([seed(owner)]);
      await endGeneration(owner);
      expect(await log.append([edit(owner, 2)])).toEqual([owner]);
      await expect(begin(log, owner.ref, 9n)).rejects.toMatchObject({ name: "Fenced" });
      const next = await begin(log, owner.ref, 9n, 2);
      expect(await log.append([seed(next)])).toEqual([]);
      expect(sequences(await log.read(owner.ref, { generation: 2, after: 0 }))).toEqual([1]);
    });

    test("[D5] truncating never removes entries after the sequence, nor the newest bytes, and can be repeated", async () => {
      const { log, addDocument } = await open();
      const owner = await begin(log, await addDocument(), 5n);
      const beside = await begin(log, await addDocument(owner.ref.projectId), 5n);
      const entries = [seed(owner), ...[2, 3, 4, 5].map((sequence) => edit(owner, sequence, "x".repeat(100)))];
      await log.append([...entries, seed(beside)]);
      const left = async () => sequences(await log.read(owner.ref, { generation: 1, after: 0 }));
      await log.truncate(owner.ref, { generation: 1, through: 4, keptBytes: 250 });
      expect(await left()).toEqual(expect.arrayContaining([4, 5]));
      for (let time = 0; time < 2; time += 1) {
        await log.truncate(owner.ref, { generation: 1, through: 4, keptBytes: 0 });
        expect((await left()).at(-1)).toBe(5);
      }
      expect(sequences(await log.read(owner.ref, { generation: 1, after: 4 }))).toEqual([5]);
      expect(sequences(await log.read(beside.ref, { generation: 1, after: 0 }))).toEqual([1]);
    });

    test("[D6] documents with updates that are in no version are listed, by project and all", async () => {
      const { log, addDocument } = await open();
      const owner = await begin(log, await addDocument(), 5n);
      const beside = await begin(log, await addDocument(owner.ref.projectId), 5n);
      await log.append([seed(owner), edit(owner, 2), { kind: "checkpoint", owner, sequence: 3, facts: facts(1) }]);
      expect(await log.listUnwritten(beside.ref.projectId)).toEqual([owner.ref]);
      expect(await log.listUnwritten()).toContainEqual(owner.ref);
      expect(await log.listUnwritten()).not.toContainEqual(beside.ref);
    });
  });
};
