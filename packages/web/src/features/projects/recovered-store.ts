/** Text of the reader's that could not be saved where it was typed, until they have dealt with it. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { RecoveredCopy } from "../editor/index.ts";

export type RecoveredStore = StoreApi<{ readonly copies: readonly RecoveredCopy[] }>;

const isSame = (a: RecoveredCopy, b: RecoveredCopy): boolean => a.fileId === b.fileId && a.keptAt === b.keptAt;

export const createRecoveredStore = (): RecoveredStore => createStore(() => ({ copies: [] }));

/** A copy is told once by the document that kept it and again whenever its file is opened. */
export const addRecovered = (store: RecoveredStore, copy: RecoveredCopy): void =>
  store.setState(({ copies }) => (copies.some((known) => isSame(known, copy)) ? {} : { copies: [...copies, copy] }));

export const removeRecovered = (store: RecoveredStore, copy: RecoveredCopy): void =>
  store.setState(({ copies }) => ({ copies: copies.filter((known) => !isSame(known, copy)) }));
