/** Which file is compared with an older version of itself; at most one, and only while it is shown. */
import { createStore, type StoreApi } from "zustand/vanilla";

export type ComparisonStore = StoreApi<{ readonly fileId: string | undefined }>;

export const createComparisonStore = (): ComparisonStore => createStore(() => ({ fileId: undefined }));
