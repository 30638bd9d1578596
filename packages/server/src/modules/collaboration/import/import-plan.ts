/** Decides which entries of an archive become files, and under which path; everything else is skipped with a reason. No I/O. */
import {
  type Entry,
  type ImportSkipReason,
  isGeneratedFolder,
  isSystemFile,
  parsePath,
  pathTwinKey,
} from "@atelier/contracts";
import type { Archive, ArchiveEntry } from "./archive.ts";

export type PlannedFile = {
  readonly entry: ArchiveEntry;
  readonly path: string;
  /** The file at this path, when the plan was made. */
  readonly existing: Entry | undefined;
};

/** One line of the report. `count`: entries that it stands for. */
export type Skip = {
  readonly path: string;
  readonly reason: ImportSkipReason;
  readonly detail: string;
  readonly count: number;
};

export type ImportPlan = {
  readonly files: readonly PlannedFile[];
  /** Folders that are empty in the archive and not in the project. */
  readonly folders: readonly string[];
  readonly skips: readonly Skip[];
  readonly strippedFolder: string | null;
};

export type PlanOptions = {
  /** The tree of the project. */
  readonly tree: readonly Entry[];
  /** Where the archive's root goes; empty: the project's root. */
  readonly into: string;
  readonly keepsTopFolder: boolean;
  readonly mostFileBytes: number;
  /** What the project may still take. */
  readonly space: { readonly bytes: number; readonly nodes: number };
};

type Located = { readonly entry: ArchiveEntry; readonly path: string };
type Claim = { readonly path: string; readonly kind: "file" | "folder" };

const plain = (path: string, reason: ImportSkipReason, detail: string): Skip => ({ path, reason, detail, count: 1 });

/** The part of a path up to a folder that tools generate. */
const generatedIn = ({ name, kind }: ArchiveEntry): string | undefined => {
  const names = name.split("/");
  const at = names.findIndex(
    (part, index) => isGeneratedFolder(part) && (kind === "folder" || index < names.length - 1),
  );
  return at < 0 ? undefined : names.slice(0, at + 1).join("/");
};

/** Entries that may become files or folders by themselves, with their paths as the rules want them. */
const locate = (archive: Archive, skips: Skip[]): Located[] => {
  const located: Located[] = [];
  const generated = new Map<string, number>();
  for (const entry of archive.entries) {
    const folder = generatedIn(entry);
    if (folder !== undefined) {
      generated.set(folder, (generated.get(folder) ?? 0) + 1);
      continue;
    }
    if (entry.kind === "file" && isSystemFile(entry.name.split("/").at(-1) ?? "")) {
      skips.push(plain(entry.name, "left-out", "Operating systems make this file."));
      continue;
    }
    if (entry.fault !== undefined) {
      skips.push(plain(entry.name, entry.fault.reason, entry.fault.detail));
      continue;
    }
    const parsed = parsePath(entry.name);
    if (parsed.ok) located.push({ entry, path: parsed.path });
    else skips.push(plain(entry.name, "path-invalid", parsed.detail));
  }
  for (const [path, count] of generated) {
    const words = count === 1 ? "1 entry" : `${count} entries`;
    skips.push({ path, reason: "left-out", detail: `Tools make this folder (${words}).`, count });
  }
  return located;
};

/** The one folder that everything is in; undefined when there is more than one, or a file beside it. */
const topFolderOf = (located: readonly Located[]): string | undefined => {
  const top = located[0]?.path.split("/")[0];
  const isWrapped = located.every(
    ({ path, entry }) => path.startsWith(`${top}/`) || (path === top && entry.kind === "folder"),
  );
  return isWrapped && located.some(({ entry }) => entry.kind === "file") ? top : undefined;
};

const foldersAbove = (path: string): string[] => {
  const names = path.split("/");
  return names.slice(1).map((_, at) => names.slice(0, at + 1).join("/"));
};

/** Says whether a path is free; claims it with the folders above when it is. */
const createClaims = (tree: readonly Entry[]) => {
  const inProject = new Map(tree.map((entry) => [pathTwinKey(entry.path), entry]));
  const claimed = new Map<string, Claim>();
  const clash = (path: string, kind: "file" | "folder"): Skip | undefined => {
    const key = pathTwinKey(path);
    const other = claimed.get(key) ?? inProject.get(key);
    if (other === undefined) return undefined;
    if (other.path !== path)
      return plain(path, "name-taken", `It differs from ${other.path} only in case or Unicode form.`);
    if (other.kind === kind) return undefined;
    return plain(path, "path-conflict", other.kind === "file" ? `${path} is a file.` : `${path} is a folder.`);
  };
  return {
    existing: (path: string): Entry | undefined => inProject.get(pathTwinKey(path)),
    isClaimed: (path: string): boolean => claimed.has(pathTwinKey(path)),
    /** Folders above the path that are in neither the project nor the plan yet. */
    missingAbove: (path: string): number =>
      foldersAbove(path).filter((folder) => {
        const key = pathTwinKey(folder);
        return !claimed.has(key) && !inProject.has(key);
      }).length,
    refusal: (path: string, kind: "file" | "folder"): Skip | undefined => {
      for (const folder of foldersAbove(path)) {
        const found = clash(folder, "folder");
        if (found !== undefined) return { ...found, path };
      }
      return clash(path, kind);
    },
    claim(path: string, kind: "file" | "folder"): void {
      for (const folder of foldersAbove(path)) claimed.set(pathTwinKey(folder), { path: folder, kind: "folder" });
      claimed.set(pathTwinKey(path), { path, kind });
    },
  };
};

export const planImport = (archive: Archive, options: PlanOptions): ImportPlan => {
  const { into, mostFileBytes } = options;
  const skips: Skip[] = [];
  const located = locate(archive, skips);
  const mayStrip = !options.keepsTopFolder && !archive.isOurs;
  const top = mayStrip ? topFolderOf(located) : undefined;
  const targetOf = (path: string): string => {
    const inner = top === undefined ? path : path.slice(top.length + 1);
    return into === "" || inner === "" ? `${into}${inner}` : `${into}/${inner}`;
  };
  const claims = createClaims(options.tree);
  const files: PlannedFile[] = [];
  const folders: string[] = [];
  let { bytes, nodes } = options.space;

  const planFile = (entry: ArchiveEntry, name: string, path: string): Skip | undefined => {
    if (claims.isClaimed(path) && claims.refusal(path, "file") === undefined)
      return plain(name, "duplicate", "The archive has this path more than once; the first one counts.");
    const refusal = claims.refusal(path, "file");
    if (refusal !== undefined) return refusal;
    if (entry.size > mostFileBytes)
      return plain(name, "file-too-large", `A file may have at most ${mostFileBytes} bytes.`);
    const existing = claims.existing(path);
    const grown = entry.size - (existing?.size ?? 0);
    if (grown > 0 && grown > bytes) return plain(name, "no-space", "The project would be too large with it.");
    const added = existing === undefined ? 1 + claims.missingAbove(path) : 0;
    if (added > nodes) return plain(name, "too-many-files", "The project would have too many files with it.");
    bytes -= grown;
    nodes -= added;
    claims.claim(path, "file");
    files.push({ entry, path, existing });
    return undefined;
  };

  for (const { entry, path: name } of located) {
    const path = targetOf(name);
    // The stripped folder itself.
    if (path === into) continue;
    const parsed = parsePath(path);
    if (!parsed.ok) skips.push(plain(name, "path-invalid", parsed.detail));
    else if (entry.kind === "file") {
      const skip = planFile(entry, name, path);
      if (skip !== undefined) skips.push({ ...skip, path: name });
    } else {
      const refusal = claims.refusal(path, "folder");
      if (refusal !== undefined) skips.push({ ...refusal, path: name });
      else {
        claims.claim(path, "folder");
        folders.push(path);
      }
    }
  }
  const filled = new Set(files.flatMap(({ path }) => foldersAbove(path)));
  for (const path of folders) for (const above of foldersAbove(path)) filled.add(above);
  const isNew = (path: string): boolean => !filled.has(path) && claims.existing(path) === undefined;
  return { files, folders: [...new Set(folders)].filter(isNew), skips, strippedFolder: top ?? null };
};
