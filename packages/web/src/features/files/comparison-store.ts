/** Which file is compared with an older version of itself, in which group; at most one, and only while it is shown. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { GroupSide } from "../editor/index.ts";

export type ComparisonStore = StoreApi<{ readonly fileId: string | undefined; readonly side: GroupSide }>;

export const createComparisonStore = (): ComparisonStore => createStore(() => ({ fileId: undefined, side: 0 }));
