/** For tests: an entry of a tree of which only the path and the kind matter. */
import type { Entry } from "@atelier/contracts";

/** Its id is its path. */
export const entry = (path: string, kind: Entry["kind"] = "file"): Entry => ({
  id: path,
  parentId: null,
  path,
  kind,
  size: 0,
  hash: null,
  version: 1,
  executable: false,
  updatedAt: "2026-01-01T00:00:00.000Z",
});
