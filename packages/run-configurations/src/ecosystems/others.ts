/** Ecosystems with one manifest and one way to start: *.csproj, dub.json, shard.yml, mix.exs. */
import { type Found, quote } from "../configuration.ts";
import { type Environment, languageWith } from "../environment.ts";
import { folderOf, joinPath, type ProjectView } from "../project-view.ts";
import { linesOf } from "../readers/lines.ts";
import { asTable, asText, asTexts, readJson, readYaml } from "../readers/values.ts";
import { readXml } from "../readers/xml.ts";

const CSHARP_MAIN = /\bstatic\s{1,20}(?:async\s{1,20})?(?:void|int|Task(?:<int>)?)\s{1,20}Main\s{0,20}\(/u;

const csproj = (view: ProjectView, environment: Environment): Found[] =>
  view.manifests(/\.csproj$/u).flatMap((path): Found[] => {
    const folder = folderOf(path);
    const elements = readXml(view.text(path) ?? "");
    const packages = elements
      .filter(({ name }) => name === "PackageReference")
      .map(({ attributes }) => attributes["Include"] ?? "");
    const name = path.slice(path.lastIndexOf("/") + 1, -".csproj".length);
    if (languageWith(environment, "dotnet") !== undefined) {
      const needs = { languages: ["csharp"], tools: ["dotnet"], packages };
      return [{ name, kind: "run", command: `dotnet run --project ${quote(path)} -- "$@"`, source: path, needs }];
    }
    const sources = view.below(folder, /\.cs$/u);
    const entryPoint =
      sources.find((file) => CSHARP_MAIN.test(view.text(file) ?? "")) ??
      sources.find((file) => file.endsWith("Program.cs"));
    if (entryPoint === undefined) return [];
    return [{ name, kind: "run", language: "csharp", entryPoint, source: path, needs: { packages } }];
  });

const dub = (view: ProjectView, environment: Environment): Found[] =>
  view.manifests("dub.json").flatMap((path): Found[] => {
    const manifest = readJson(view.text(path) ?? "");
    if (manifest === undefined) return [];
    const folder = folderOf(path);
    const packages = Object.keys(asTable(manifest["dependencies"]));
    const name = asText(manifest["name"]) ?? "dub";
    const hasDub = languageWith(environment, "dub") !== undefined;
    const env = { DUB_HOME: "/tmp/dub" };
    const paths = [...asTexts(manifest["sourcePaths"]), "source", "src"].map((at) => joinPath(folder, at));
    const main = asText(manifest["mainSourceFile"]);
    const places = [
      ...(main === undefined ? [] : [joinPath(folder, main)]),
      ...paths.flatMap((at) => ["app.d", "main.d"].map((file) => joinPath(at, file))),
    ];
    const entryPoint = places.find((at) => view.has(at));
    const isLibrary = /library/iu.test(asText(manifest["targetType"]) ?? "");
    const needs = { languages: ["d"], packages };
    const byDub = {
      folder,
      env,
      source: path,
      needs: { ...needs, tools: ["dub"] },
    };
    const test = {
      ...byDub,
      name: "dub test",
      kind: "task",
      test: true,
      command: "dub test --skip-registry=all",
    } as const;
    if (isLibrary || entryPoint === undefined) return [test];
    const run: Found = hasDub
      ? {
          ...byDub,
          name,
          kind: "run",
          compile: "dub build --skip-registry=all",
          command: 'dub run --quiet --skip-registry=all -- "$@"',
        }
      : { name, kind: "run", language: "d", entryPoint, source: path, needs: { packages } };
    return [run, test];
  });

const shard = (view: ProjectView): Found[] =>
  view.manifests("shard.yml").flatMap((path): Found[] => {
    const manifest = readYaml(view.text(path) ?? "");
    if (manifest === undefined) return [];
    const folder = folderOf(path);
    const packages = Object.keys(asTable(manifest["dependencies"]));
    const name = asText(manifest["name"]) ?? "shard";
    const targets = Object.entries(asTable(manifest["targets"])).flatMap(([target, given]) => {
      const main = asText(asTable(given)["main"]);
      return main === undefined ? [] : [[target, joinPath(folder, main)] as const];
    });
    const places = targets.length > 0 ? targets : [[name, joinPath(folder, `src/${name}.cr`)] as const];
    const programs = places.filter(([, entryPoint]) => view.has(entryPoint));
    const testPackages = [...packages, ...Object.keys(asTable(manifest["development_dependencies"]))];
    const hasSpecs = view.below(joinPath(folder, "spec"), /_spec\.cr$/u).length > 0;
    return [
      ...programs.map(([target, entryPoint]): Found => ({
        name: target,
        kind: "run",
        language: "crystal",
        entryPoint,
        source: path,
        needs: { packages },
      })),
      ...(hasSpecs
        ? [
            {
              name: "crystal spec",
              kind: "task",
              test: true,
              command: "crystal spec",
              env: { CRYSTAL_CACHE_DIR: "/tmp/crystal" },
              folder,
              source: path,
              needs: { languages: ["crystal"], packages: testPackages },
            } as const,
          ]
        : []),
    ];
  });

const ELIXIR = { MIX_HOME: "/tmp/mix", HEX_HOME: "/tmp/hex", MIX_BUILD_PATH: "/tmp/mix-build", HEX_OFFLINE: "1" };
const ALIAS = /^[A-Z]\w{0,60}(?:\.[A-Z]\w{0,60}){0,10}$/u;

const mix = (view: ProjectView): Found[] =>
  view.manifests("mix.exs").flatMap((path): Found[] => {
    const folder = folderOf(path);
    const lines = linesOf(view.text(path) ?? "");
    const packages = lines.flatMap((line) => {
      const [, name] = /^\s{0,40}\[?\{:(\w{1,60}),\s{0,10}(?:"|git|github)/u.exec(line) ?? [];
      return name === undefined ? [] : [name];
    });
    const escript = lines.map((line) => /\bmain_module:\s{0,10}([\w.]{1,120})/u.exec(line)?.[1]).find(Boolean);
    const withMain = view.below(joinPath(folder, "lib"), /\.ex$/u).flatMap((file) => {
      const text = view.text(file) ?? "";
      const [, name] = /^defmodule\s{1,5}([\w.]{1,120})\s{1,5}do/mu.exec(text) ?? [];
      return name !== undefined && /^\s{1,40}def main\b/mu.test(text) ? [name] : [];
    });
    const main = [escript, ...withMain].find((name) => name !== undefined && ALIAS.test(name));
    const needs = { languages: ["elixir"], tools: ["mix"], packages };
    const common = { env: ELIXIR, folder, source: path, needs };
    return [
      {
        ...common,
        name: "mix run",
        kind: "run",
        compile: "mix compile",
        command:
          main === undefined
            ? 'mix run --no-compile "$@"'
            : `mix run --no-compile -e '${main}.main(System.argv())' -- "$@"`,
      },
      ...(view.below(joinPath(folder, "test"), /_test\.exs$/u).length > 0
        ? [{ ...common, name: "mix test", kind: "task", test: true, command: 'mix test "$@"' } as const]
        : []),
    ];
  });

export const others = (view: ProjectView, environment: Environment): Found[] => [
  ...csproj(view, environment),
  ...dub(view, environment),
  ...shard(view),
  ...mix(view),
];
