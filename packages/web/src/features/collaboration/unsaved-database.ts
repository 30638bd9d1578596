/**
 * The connection to the browser's database of unsaved edits: opened again after every failure, and closed at once when another tab wants
 * to change the database's version, so that an old tab never blocks a newer release.
 */

export interface UnsavedDatabaseOptions {
  /** Undefined when the browser has none. */
  factory: IDBFactory | undefined;
  name: string;
  /** Called with the reason why the database cannot be used, once for each outage. */
  onFailure: (error: unknown) => void;
  /** Called on each change of `available`. */
  onAvailable: (available: boolean) => void;
  /** Called when the database can be used again: writes what was kept in memory. */
  onReady: () => Promise<unknown>;
  /** Called when rows that were written may be lost. */
  onLost: () => void;
  /** Calls back once after so many milliseconds. */
  after: (delayMs: number, run: () => void) => void;
}

export interface UnsavedDatabase {
  /** The open database; undefined while it cannot be used. */
  open(): Promise<IDBDatabase | undefined>;
  /** The same, but also set while `onReady` runs, before it is available. */
  reopened(): Promise<IDBDatabase | undefined>;
  /** Reports a failed transaction: its data is in memory only. */
  failed(error: unknown): void;
  /** False while edits are kept in the page only. */
  readonly available: boolean;
}

export const UPDATES = "updates";
export const DRAFTS = "drafts";
export const COPIES = "copies";

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

export function openUnsavedDatabase(options: UnsavedDatabaseOptions): UnsavedDatabase {
  const { factory, name, after } = options;
  let available = factory !== undefined;
  let opening: Promise<IDBDatabase | undefined> | undefined;
  let current: IDBDatabase | undefined;
  let retryMs = FIRST_RETRY_MS;
  let isRetrying = false;

  const setAvailable = (now: boolean) => {
    if (now === available) return;
    available = now;
    options.onAvailable(now);
  };
  const failed = (error: unknown) => {
    if (available) options.onFailure(error);
    setAvailable(false);
    if (isRetrying || !factory) return;
    isRetrying = true;
    after(retryMs, () => {
      isRetrying = false;
      void retry();
    });
    retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
  };
  const close = () => {
    current?.close();
    current = undefined;
    opening = undefined;
  };
  const adopt = (database: IDBDatabase) => {
    current = database;
    database.addEventListener("versionchange", () => {
      close();
      failed(new Error("another release changes the database"));
    });
    database.addEventListener("close", () => {
      if (current !== database) return;
      close();
      options.onLost();
      failed(new Error("the browser closed the database"));
    });
  };
  const request = (made: IDBFactory): Promise<IDBDatabase | undefined> =>
    new Promise((resolve) => {
      let asked: IDBOpenDBRequest;
      const refused = (error: unknown) => {
        opening = undefined;
        failed(error);
        resolve(undefined);
      };
      try {
        asked = made.open(name, 1);
      } catch (error) {
        return refused(error);
      }
      let isBlocked = false;
      asked.addEventListener("upgradeneeded", () => createStores(asked.result));
      asked.addEventListener("error", () => refused(asked.error ?? new Error("the database did not open")));
      asked.addEventListener("blocked", () => {
        // It opens by itself once the other tab closes its connection; nothing waits for that.
        isBlocked = true;
        if (available) options.onFailure(new Error("another tab holds an older database"));
        setAvailable(false);
        resolve(undefined);
      });
      asked.addEventListener("success", () => {
        adopt(asked.result);
        opening = Promise.resolve(asked.result);
        resolve(asked.result);
        if (isBlocked) void ready();
      });
    });
  const open = (): Promise<IDBDatabase | undefined> => {
    if (!factory) return Promise.resolve(undefined);
    opening ??= request(factory);
    return opening;
  };
  /** Writes what waits in memory; only after that is anything stored again. */
  const ready = async () => {
    try {
      await options.onReady();
    } catch (error) {
      return failed(error);
    }
    retryMs = FIRST_RETRY_MS;
    setAvailable(true);
  };
  const retry = async () => {
    close();
    if (await open()) await ready();
  };

  return {
    open: () => (available ? open() : Promise.resolve(undefined)),
    reopened: open,
    failed,
    get available() {
      return available;
    },
  };
}

function createStores(database: IDBDatabase): void {
  database.createObjectStore(UPDATES, { autoIncrement: true }).createIndex("document", "document");
  database.createObjectStore(DRAFTS);
  database.createObjectStore(COPIES, { keyPath: ["document", "keptAt"] });
}

/** Resolves when a transaction is committed. @throws the error of the transaction */
export function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    const fail = () => reject(transaction.error ?? new Error("the write was given up"));
    transaction.addEventListener("abort", fail);
    transaction.addEventListener("error", fail);
  });
}

/** The result of a request. @throws the error of the request */
export function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("the read failed")));
  });
}

export function eachRow<T>(
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
