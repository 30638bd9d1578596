/** The user's text that could not be saved in its file, until the user has copied, downloaded or dismissed it. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { RecoveredCopy } from "../editor/index.ts";

export type RecoveredStore = StoreApi<{ readonly copies: readonly RecoveredCopy[] }>;

const isSame = (a: RecoveredCopy, b: RecoveredCopy): boolean => a.fileId === b.fileId && a.keptAt === b.keptAt;

export const createRecoveredStore = (): RecoveredStore => createStore(() => ({ copies: [] }));

/** The same copy is reported by its document, and again whenever its file is opened. */
export const addRecovered = (store: RecoveredStore, copy: RecoveredCopy): void =>
  store.setState(({ copies }) => (copies.some((known) => isSame(known, copy)) ? {} : { copies: [...copies, copy] }));

export const removeRecovered = (store: RecoveredStore, copy: RecoveredCopy): void =>
  store.setState(({ copies }) => ({ copies: copies.filter((known) => !isSame(known, copy)) }));
