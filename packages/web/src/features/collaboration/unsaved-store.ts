/** Edits that no server has confirmed, kept in the browser's database so that a reload or a crash loses none. */
import type { DBSchema, IDBPDatabase } from "idb";
import { type Signal, createSignal } from "./signal.ts";
import { openUnsavedDatabase } from "./unsaved-database.ts";

/** One written (or about to be written) update; shown to `discard` once it is confirmed. */
export interface UnsavedTicket {
  key: number | undefined;
  discarded: boolean;
}

export interface UnsavedUpdate {
  update: Uint8Array;
  /** The document's generation the update belongs to. */
  generation: number;
  /** The number of its edits. */
  edits: number;
}

/** A text that was changed before its document was synced: its base and the changed text. */
export interface Draft {
  base: string;
  text: string;
}

/** Unsaved text that could not be merged. */
export interface KeptCopy {
  /** `documentName` of its document. */
  document: string;
  path: string;
  text: string;
  /** Milliseconds since the epoch. */
  keptAt: number;
}

export interface UnsavedStore {
  /** Queues an update; it is written with others within `WRITE_DELAY_MS`, unless it is discarded before. */
  append(document: string, update: UnsavedUpdate): UnsavedTicket;
  discard(tickets: readonly UnsavedTicket[]): void;
  /** All stored updates of a document, of all tabs, oldest first; applying one twice is harmless. */
  load(document: string): Promise<{ update: UnsavedUpdate; ticket: UnsavedTicket }[]>;
  putDraft(document: string, draft: Draft | undefined): void;
  /** The draft at the time of this call, even if another one is put before the promise resolves. */
  loadDraft(document: string): Promise<Draft | undefined>;
  keepCopy(copy: KeptCopy): Promise<void>;
  copies(document: string): Promise<KeptCopy[]>;
  discardCopy(copy: KeptCopy): Promise<void>;
  /** Writes the queued rows; resolves when they are in the database, or when the database cannot be used now. */
  flush(): Promise<void>;
  /** False while the browser does not store: edits are then kept in the page only, and written as soon as it stores again. */
  readonly available: boolean;
  /** Called on each change of `available`. */
  readonly onAvailable: Signal<boolean>;
}

export interface UnsavedStoreOptions {
  /** Undefined if the browser has none. */
  factory: IDBFactory | undefined;
  /** Called with the reason why nothing can be stored, once for each outage. */
  onFailure: (error: unknown) => void;
  name?: string;
  /** Calls back once after so many milliseconds; the browser's timer by default. */
  after?: (delayMs: number, run: () => void) => void;
}

const WRITE_DELAY_MS = 25;

interface UpdateRow extends UnsavedUpdate {
  document: string;
}

interface UnsavedSchema extends DBSchema {
  updates: { key: number; value: UpdateRow; indexes: { document: string } };
  drafts: { key: string; value: Draft };
  copies: { key: [document: string, keptAt: number]; value: KeptCopy };
}

export function createUnsavedStore({
  factory,
  onFailure,
  name = "atelier-unsaved",
  after = afterTimeout,
}: UnsavedStoreOptions): UnsavedStore {
  /** Every unconfirmed update, with its ticket; updates without a key are not in the database. */
  const updates = new Map<UnsavedTicket, UpdateRow>();
  /** Keys of updates that are confirmed but still in the database. */
  let confirmed: number[] = [];
  /** Drafts that are not in the database yet; `order` counts the calls of `putDraft`. */
  const drafts = new Map<string, { readonly draft: Draft | undefined; readonly order: number }>();
  let draftOrder = 0;
  const copies = new Map<string, KeptCopy | undefined>();
  let isTimed = false;
  let tail: Promise<unknown> = Promise.resolve();
  const onAvailable = createSignal<boolean>();

  const database = openUnsavedDatabase<UnsavedSchema>({
    factory,
    name,
    create: (made) => {
      made.createObjectStore("updates", { autoIncrement: true }).createIndex("document", "document");
      made.createObjectStore("drafts");
      made.createObjectStore("copies", { keyPath: ["document", "keptAt"] });
    },
    onFailure,
    onAvailable: (available) => onAvailable.emit(available),
    onReady: () => {
      const written = tail.then(async () => {
        const opened = await database.reopened();
        if (opened) await writeAll(opened);
      });
      tail = written.catch(() => undefined);
      return written;
    },
    onLost: () => {
      confirmed = [];
      for (const ticket of updates.keys()) ticket.key = undefined;
    },
    after,
  });
  /** Runs in the order of the calls, so that a removal never overtakes the write it is for. */
  const inOrder = <T>(work: (opened: IDBPDatabase<UnsavedSchema>) => Promise<T>, otherwise: T): Promise<T> => {
    const result = tail.then(async () => {
      const opened = await database.open();
      if (!opened) return otherwise;
      try {
        return await work(opened);
      } catch (error) {
        database.failed(error);
        return otherwise;
      }
    });
    tail = result;
    return result;
  };

  /**
   * Writes to the database everything that it lacks; what was written is dropped from memory only after the commit.
   * @param upTo the newest draft to write: later ones wait, so that reads requested before them do not see them
   */
  const writeAll = async (opened: IDBPDatabase<UnsavedSchema>, upTo = Infinity): Promise<void> => {
    const added = [...updates].filter(([{ key }]) => key === undefined);
    const removed = confirmed;
    const newDrafts = [...drafts].filter(([, { order }]) => order <= upTo);
    const newCopies = [...copies];
    if (added.length + removed.length + newDrafts.length + newCopies.length === 0) return;
    const transaction = opened.transaction(["updates", "drafts", "copies"], "readwrite", { durability: "relaxed" });
    const updateRows = transaction.objectStore("updates");
    const draftRows = transaction.objectStore("drafts");
    const copyRows = transaction.objectStore("copies");
    // An aborted transaction rejects each of its requests: all of them are awaited.
    const requests = [
      ...removed.map((key) => updateRows.delete(key)),
      ...newDrafts.map(([document, { draft }]) =>
        draft ? draftRows.put(draft, document) : draftRows.delete(document),
      ),
      ...newCopies.map(([key, copy]) =>
        copy ? copyRows.put(copy) : copyRows.delete(JSON.parse(key) as [string, number]),
      ),
    ];
    const adding = Promise.all(added.map(([, row]) => updateRows.add(row)));
    const [keys] = await Promise.all([adding, transaction.done, ...requests]);
    confirmed = confirmed.filter((key) => !removed.includes(key));
    for (const [index, [ticket]] of added.entries()) {
      ticket.key = keys[index];
      if (ticket.discarded && ticket.key !== undefined) confirmed.push(ticket.key);
    }
    for (const [document, kept] of newDrafts) if (drafts.get(document) === kept) drafts.delete(document);
    for (const [key, copy] of newCopies) if (copies.get(key) === copy) copies.delete(key);
    if (confirmed.length > 0) await writeAll(opened, upTo);
  };
  const write = (): Promise<void> => {
    const upTo = draftOrder;
    return inOrder((opened) => writeAll(opened, upTo), undefined);
  };
  const writeSoon = () => {
    if (isTimed) return;
    isTimed = true;
    setTimeout(() => {
      isTimed = false;
      void write();
    }, WRITE_DELAY_MS);
  };
  const keyOf = ({ document, keptAt }: KeptCopy): string => JSON.stringify([document, keptAt]);

  return {
    append: (document, update) => {
      const ticket: UnsavedTicket = { key: undefined, discarded: false };
      updates.set(ticket, { ...update, document });
      writeSoon();
      return ticket;
    },
    discard: (tickets) => {
      for (const ticket of tickets) {
        ticket.discarded = true;
        updates.delete(ticket);
        if (ticket.key !== undefined) confirmed.push(ticket.key);
      }
      if (confirmed.length > 0) void write();
    },
    load: async (document) => {
      await write();
      return inOrder(async (opened) => {
        const transaction = opened.transaction("updates");
        const index = transaction.store.index("document");
        const [rows, keys] = await Promise.all([index.getAll(document), index.getAllKeys(document), transaction.done]);
        return rows.map(({ update, generation, edits }, at) => ({
          update: { update, generation, edits },
          ticket: { key: keys[at], discarded: false },
        }));
      }, []);
    },
    putDraft: (document, draft) => {
      drafts.set(document, { draft, order: (draftOrder += 1) });
      void write();
    },
    loadDraft: (document) => {
      // As of this call: a draft put later was typed in this page, and must not be taken for one of an earlier visit.
      const waiting = drafts.get(document);
      return inOrder<Draft | undefined>(async (opened) => {
        if (waiting) return waiting.draft;
        const transaction = opened.transaction("drafts");
        return (await Promise.all([transaction.store.get(document), transaction.done]))[0];
      }, waiting?.draft);
    },
    keepCopy: (copy) => {
      copies.set(keyOf(copy), copy);
      return write();
    },
    copies: async (document) => {
      await write();
      return inOrder<KeptCopy[]>(async (opened) => {
        const range = IDBKeyRange.bound([document, 0], [document, Infinity]);
        const transaction = opened.transaction("copies");
        return (await Promise.all([transaction.store.getAll(range), transaction.done]))[0];
      }, []);
    },
    discardCopy: (copy) => {
      copies.set(keyOf(copy), undefined);
      return write();
    },
    flush: write,
    get available() {
      return database.available;
    },
    onAvailable,
  };
}

const afterTimeout = (delayMs: number, run: () => void): void => void setTimeout(run, delayMs);
