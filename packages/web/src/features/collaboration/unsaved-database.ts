/**
 * The connection to the browser's database of unsaved edits: opened again after every failure, and closed at once when another tab wants
 * to change the database's version, so that an old tab never blocks a newer release.
 */

import { type DBSchema, type IDBPDatabase, wrap } from "idb";

export interface UnsavedDatabaseOptions<Schema extends DBSchema> {
  /** Undefined when the browser has none. */
  factory: IDBFactory | undefined;
  name: string;
  /** Makes the stores of a new database. */
  create: (database: IDBPDatabase<Schema>) => void;
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

export interface UnsavedDatabase<Schema extends DBSchema> {
  /** The open database; undefined while it cannot be used. */
  open(): Promise<IDBPDatabase<Schema> | undefined>;
  /** The same, but also set while `onReady` runs, before it is available. */
  reopened(): Promise<IDBPDatabase<Schema> | undefined>;
  /** Reports a failed transaction: its data is in memory only. */
  failed(error: unknown): void;
  /** False while edits are kept in the page only. */
  readonly available: boolean;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

/** `idb` turns requests and transactions into promises; its `openDB` is not used, because it takes no factory. */
export function openUnsavedDatabase<Schema extends DBSchema>(
  options: UnsavedDatabaseOptions<Schema>,
): UnsavedDatabase<Schema> {
  const { factory, name, after } = options;
  // What idb wraps has the types of no schema.
  const typed = (database: IDBDatabase) => wrap(database) as unknown as IDBPDatabase<Schema>;
  let available = factory !== undefined;
  let opening: Promise<IDBPDatabase<Schema> | undefined> | undefined;
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
  const request = (made: IDBFactory): Promise<IDBPDatabase<Schema> | undefined> =>
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
      asked.addEventListener("upgradeneeded", () => options.create(typed(asked.result)));
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
        const opened = typed(asked.result);
        opening = Promise.resolve(opened);
        resolve(opened);
        if (isBlocked) void ready();
      });
    });
  const open = (): Promise<IDBPDatabase<Schema> | undefined> => {
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
