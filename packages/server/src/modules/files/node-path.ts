/** The path of a node: names, and the keys under which twins of a name collide. */
import { pathTwinKey } from "@atelier/contracts";

export type NodePath = { readonly path: string; readonly names: readonly string[]; readonly keys: readonly string[] };

/** @param path already parsed by contracts' path rules */
export const toNodePath = (path: string): NodePath => {
  const names = path.split("/");
  return { path, names, keys: names.map(pathTwinKey) };
};
