/** Plans the mounts of a root's layers and trees, from which init makes the root. */
import { SandboxUnavailable } from "../sandbox-unavailable.ts";
import type { SandboxMounts, SandboxTree } from "../ports.ts";

/** Folders below /.atelier/mounts: further layers from the second on, then trees; and two that init needs itself. */
export const mountNames: readonly string[] = [...Array.from({ length: 14 }, (_, n) => String(n)), "empty", "skeleton"];

export type MountPlan = {
  /** The lowest layer: the tool's root. */
  readonly root: string;
  /** Bound read-only for init. */
  readonly binds: readonly SandboxTree[];
  /** Options for init: `--layers=N`, `--tree=/path`. */
  readonly initOptions: readonly string[];
};

const layersMaximum = 8;
const treesMaximum = 7;

const isPlain = (path: string): boolean =>
  path.startsWith("/") &&
  path
    .split("/")
    .slice(1)
    .every((part) => part !== "" && part !== "." && part !== "..");

/** Throws SandboxUnavailable for a blueprint that init cannot mount. */
export const planMounts = ({ layers, trees = [] }: SandboxMounts): MountPlan => {
  const [root, ...further] = layers;
  const bad = trees.find(({ target }) => !isPlain(target) || target.length > 200);
  if (bad !== undefined) throw new SandboxUnavailable(`a tree cannot be mounted at ${bad.target}`);
  if (layers.length > layersMaximum || trees.length > treesMaximum) {
    throw new SandboxUnavailable(`${layers.length} layers and ${trees.length} trees are too many`);
  }
  const sources = [...further, ...trees.map(({ source }) => source)];
  return {
    root,
    binds: sources.map((source, n) => ({ source, target: `/.atelier/mounts/${n}` })),
    initOptions: [
      ...(further.length > 0 ? [`--layers=${layers.length}`] : []),
      ...trees.map(({ target }) => `--tree=${target}`),
    ],
  };
};
