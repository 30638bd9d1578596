/** Cargo.toml: the binaries and tests of a package, or of every package of a workspace. */
import { type Found, quote } from "../configuration.ts";
import { folderOf, joinPath, nameOf, type ProjectView } from "../project-view.ts";
import { asTable, asText, asTexts, readToml, type Table } from "../readers/values.ts";

/** Build results and downloads stay out of the project. */
const ENV = { CARGO_TARGET_DIR: "/tmp/target", CARGO_HOME: "/tmp/cargo", CARGO_NET_OFFLINE: "true" };

type Crate = { readonly path: string; readonly folder: string; readonly manifest: Table };

const crateOf = (view: ProjectView, path: string): Crate | undefined => {
  const manifest = readToml(view.text(path) ?? "");
  return manifest && { path, folder: folderOf(path), manifest };
};

/** `crates/*` -> the folders of one level below that have a manifest. */
const membersOf = (view: ProjectView, { folder, manifest }: Crate): string[] => {
  const workspace = asTable(manifest["workspace"]);
  const excluded = asTexts(workspace["exclude"]).map((path) => joinPath(folder, path));
  const patterns = asTexts(workspace["members"]).map((path) => joinPath(folder, path).split("/"));
  const matches = (pattern: readonly string[], path: string): boolean => {
    const parts = path.split("/");
    return parts.length === pattern.length && pattern.every((part, at) => part === "*" || part === parts[at]);
  };
  return view.manifests("Cargo.toml").filter((path) => {
    const at = folderOf(path);
    return patterns.some((pattern) => matches(pattern, at)) && !excluded.includes(at);
  });
};

/** Names of packages from a registry or a repository among the dependencies. */
const packagesOf = ({ manifest }: Crate, shared: Table, tables: readonly string[]): string[] =>
  tables.flatMap((table) =>
    Object.entries(asTable(manifest[table])).flatMap(([name, given]) => {
      const isShared = asTable(given)["workspace"] === true;
      const value = isShared ? shared[name] : given;
      return asText(asTable(value)["path"]) === undefined ? [name] : [];
    }),
  );

type Binary = { readonly name: string; readonly path: string };

const binariesOf = ({ folder, manifest }: Crate, view: ProjectView): Binary[] => {
  const name = asText(asTable(manifest["package"])["name"]) ?? nameOf(folder);
  const listed = (Array.isArray(manifest["bin"]) ? manifest["bin"] : [])
    .slice(0, 50)
    .flatMap((bin: unknown): Binary[] => {
      const given = asTable(bin);
      const own = asText(given["name"]);
      return own === undefined
        ? []
        : [{ name: own, path: joinPath(folder, asText(given["path"]) ?? `src/bin/${own}.rs`) }];
    });
  const found = view.below(joinPath(folder, "src"), /(?:^|\/)src\/(?:main\.rs|bin\/[^/]+(?:\/main)?\.rs)$/u);
  const inferred = found.map((path): Binary => {
    const [, bin] = /\/bin\/([^/]+?)(?:\/main)?\.rs$/u.exec(path) ?? [];
    return { name: bin ?? name, path };
  });
  const taken = new Set(listed.map(({ path }) => path));
  const seen = new Set(listed.map((bin) => bin.name));
  return [...listed, ...inferred.filter((bin) => !taken.has(bin.path) && !seen.has(bin.name))];
};

const ofWorkspace = (root: Crate, view: ProjectView): Found[] => {
  const shared = asTable(asTable(root.manifest["workspace"])["dependencies"]);
  const crates = [
    ...(root.manifest["package"] === undefined ? [] : [root]),
    ...membersOf(view, root).flatMap((path) => (path === root.path ? [] : (crateOf(view, path) ?? []))),
  ];
  if (crates.length === 0) return [];
  const needs = { languages: ["rust"], tools: ["cargo"] };
  const runs = crates.flatMap((crate) => {
    const preferred = asText(asTable(crate.manifest["package"])["default-run"]);
    const packages = packagesOf(crate, shared, ["dependencies", "build-dependencies"]);
    const first = (bin: Binary): number => (bin.name === preferred ? 0 : bin.path.endsWith("src/main.rs") ? 1 : 2);
    return binariesOf(crate, view)
      .toSorted((a, b) => first(a) - first(b))
      .map((bin): Found => {
        const owner = asText(asTable(crate.manifest["package"])["name"]);
        const which = `${owner === undefined ? "" : `--package ${quote(owner)} `}--bin ${quote(bin.name)}`;
        return {
          name: `cargo run ${bin.name}`,
          kind: "run",
          compile: `cargo build ${which}`,
          command: `cargo run --quiet ${which} -- "$@"`,
          env: ENV,
          folder: root.folder,
          source: crate.path,
          needs: { ...needs, packages: [...new Set(packages)] },
        };
      });
  });
  const tables = ["dependencies", "build-dependencies", "dev-dependencies"];
  const packages = crates.flatMap((crate) => packagesOf(crate, shared, tables));
  return [
    ...runs,
    {
      name: "cargo test",
      kind: "task",
      test: true,
      compile: "cargo test --workspace --no-run",
      command: "cargo test --workspace",
      env: ENV,
      folder: root.folder,
      source: root.path,
      needs: { ...needs, packages: [...new Set(packages)] },
    },
  ];
};

export const cargo = (view: ProjectView): Found[] => {
  const members = new Set<string>();
  return view.manifests("Cargo.toml").flatMap((path) => {
    if (members.has(path)) return [];
    const crate = crateOf(view, path);
    if (crate === undefined) return [];
    for (const member of membersOf(view, crate)) members.add(member);
    return ofWorkspace(crate, view);
  });
};
