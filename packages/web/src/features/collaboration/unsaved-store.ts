/** Edits that no server has confirmed, kept in the browser's database so that a reload or a crash loses none. */

/** One written (or about to be written) update; shown to `discard` once it is confirmed. */
export interface UnsavedTicket {
  key: number | undefined;
  discarded: boolean;
}

export interface UnsavedUpdate {
  update: Uint8Array;
  /** The document's generation the update belongs to. */
  generation: number;
  /** How many edits it holds. */
  edits: number;
}

/** A text changed before its document was synced: what it was based on and what it became. */
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
  /** Notes an update; it is written with its neighbours within `WRITE_DELAY_MS`, not at all if discarded before. */
  append(document: string, update: UnsavedUpdate): UnsavedTicket;
  discard(tickets: readonly UnsavedTicket[]): void;
  /** Every kept update of a document, oldest first, of all tabs: applying one twice is harmless. */
  load(document: string): Promise<{ update: UnsavedUpdate; ticket: UnsavedTicket }[]>;
  putDraft(document: string, draft: Draft | undefined): void;
  loadDraft(document: string): Promise<Draft | undefined>;
  keepCopy(copy: KeptCopy): Promise<void>;
  copies(document: string): Promise<KeptCopy[]>;
  discardCopy(copy: KeptCopy): Promise<void>;
  /** Writes what waits; resolves when it is in the database. */
  flush(): Promise<void>;
  /** False once the browser refused to store: edits then live in the page only. */
  readonly available: boolean;
}

export interface UnsavedStoreOptions {
  /** Undefined where the browser has none. */
  factory: IDBFactory | undefined;
  onFailure: (error: unknown) => void;
  name?: string;
}

const WRITE_DELAY_MS = 25;
const UPDATES = "updates";
const DRAFTS = "drafts";
const COPIES = "copies";

interface UpdateRow extends UnsavedUpdate {
  document: string;
}

export function createUnsavedStore({
  factory,
  onFailure,
  name = "atelier-unsaved",
}: UnsavedStoreOptions): UnsavedStore {
  let available = factory !== undefined;
  let opened: Promise<IDBDatabase> | undefined;
  let waiting: { row: UpdateRow; ticket: UnsavedTicket }[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tail: Promise<unknown> = Promise.resolve();

  const open = (): Promise<IDBDatabase> => {
    opened ??= factory ? openDatabase(factory, name) : Promise.reject(new Error("no database in this browser"));
    return opened;
  };
  /** Runs in the order of the calls, so that a removal never overtakes the write it is for. */
  const inOrder = <T>(work: (database: IDBDatabase) => Promise<T>, otherwise: T): Promise<T> => {
    const result = tail.then(async () => {
      if (!available) return otherwise;
      try {
        return await work(await open());
      } catch (error) {
        available = false;
        onFailure(error);
        return otherwise;
      }
    });
    tail = result;
    return result;
  };

  const write = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const rows = waiting.filter(({ ticket }) => !ticket.discarded);
    waiting = [];
    if (rows.length === 0) return inOrder(async () => undefined, undefined);
    return inOrder(async (database) => {
      const transaction = database.transaction(UPDATES, "readwrite", { durability: "relaxed" });
      const updates = transaction.objectStore(UPDATES);
      const requests = rows.map(({ row, ticket }) => ({ ticket, request: updates.add(row) }));
      await done(transaction);
      for (const { ticket, request } of requests) ticket.key = Number(request.result);
      const late = requests.filter(({ ticket }) => ticket.discarded).map(({ ticket }) => ticket);
      if (late.length > 0) await remove(database, late);
    }, undefined);
  };

  return {
    append: (document, update) => {
      const ticket: UnsavedTicket = { key: undefined, discarded: false };
      waiting.push({ row: { ...update, document }, ticket });
      timer ??= setTimeout(() => void write(), WRITE_DELAY_MS);
      return ticket;
    },
    discard: (tickets) => {
      for (const ticket of tickets) ticket.discarded = true;
      const written = tickets.filter(({ key }) => key !== undefined);
      if (written.length > 0) void inOrder((database) => remove(database, written), undefined);
    },
    load: async (document) => {
      await write();
      return inOrder(async (database) => {
        const updates = database.transaction(UPDATES).objectStore(UPDATES).index("document");
        const rows: { update: UnsavedUpdate; ticket: UnsavedTicket }[] = [];
        await eachRow(updates.openCursor(IDBKeyRange.only(document)), (row: UpdateRow, key) => {
          const { update, generation, edits } = row;
          rows.push({ update: { update, generation, edits }, ticket: { key: Number(key), discarded: false } });
        });
        return rows;
      }, []);
    },
    putDraft: (document, draft) => {
      void inOrder(async (database) => {
        const transaction = database.transaction(DRAFTS, "readwrite", { durability: "relaxed" });
        if (draft) transaction.objectStore(DRAFTS).put(draft, document);
        else transaction.objectStore(DRAFTS).delete(document);
        await done(transaction);
      }, undefined);
    },
    loadDraft: (document) =>
      inOrder<Draft | undefined>(
        (database) => answer(database.transaction(DRAFTS).objectStore(DRAFTS).get(document)),
        undefined,
      ),
    keepCopy: (copy) =>
      inOrder(async (database) => {
        const transaction = database.transaction(COPIES, "readwrite");
        transaction.objectStore(COPIES).put(copy);
        await done(transaction);
      }, undefined),
    copies: (document) =>
      inOrder((database) => {
        const copies = database.transaction(COPIES).objectStore(COPIES);
        const range = IDBKeyRange.bound([document, 0], [document, Infinity]);
        return answer(copies.getAll(range) as IDBRequest<KeptCopy[]>);
      }, []),
    discardCopy: ({ document, keptAt }) =>
      inOrder(async (database) => {
        const transaction = database.transaction(COPIES, "readwrite");
        transaction.objectStore(COPIES).delete([document, keptAt]);
        await done(transaction);
      }, undefined),
    flush: write,
    get available() {
      return available;
    },
  };
}

function openDatabase(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1);
    request.addEventListener("upgradeneeded", () => {
      const database = request.result;
      database.createObjectStore(UPDATES, { autoIncrement: true }).createIndex("document", "document");
      database.createObjectStore(DRAFTS);
      database.createObjectStore(COPIES, { keyPath: ["document", "keptAt"] });
    });
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("the database did not open")));
    request.addEventListener("blocked", () => reject(new Error("another tab holds an older database")));
  });
}

async function remove(database: IDBDatabase, tickets: readonly UnsavedTicket[]): Promise<void> {
  const transaction = database.transaction(UPDATES, "readwrite", { durability: "relaxed" });
  for (const { key } of tickets) if (key !== undefined) transaction.objectStore(UPDATES).delete(key);
  await done(transaction);
}

function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    const fail = () => reject(transaction.error ?? new Error("the write was given up"));
    transaction.addEventListener("abort", fail);
    transaction.addEventListener("error", fail);
  });
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("the read failed")));
  });
}

function eachRow<T>(
  request: IDBRequest<IDBCursorWithValue | null>,
  visit: (row: T, key: IDBValidKey) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => {
      const cursor = request.result;
      if (!cursor) return resolve();
      visit(cursor.value as T, cursor.primaryKey);
      cursor.continue();
    });
    request.addEventListener("error", () => reject(request.error ?? new Error("the read failed")));
  });
}
