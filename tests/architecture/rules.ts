/** The arrows of docs/architecture.md as dependency-cruiser rules; each has a planted violation in planted.ts. */
import type { IForbiddenRuleType, IRegularForbiddenRuleType } from "dependency-cruiser";

const server = "^packages/server/src";
/** Tests and what only they use: `*.test.ts`, a port's `*.contract.ts`, `*.testing.ts`, `test-*.ts`, `*-fixture.ts`, `contract/`. */
const tests = "\\.(test|contract|testing)\\.tsx?$|/test-[a-z-]+\\.tsx?$|-fixture\\.tsx?$|/contract/";

/** Modules that the page's build makes (packages/web/build). */
const generated = "^virtual:languages/";

const rule = (
  name: string,
  comment: string,
  parts: Pick<IRegularForbiddenRuleType, "from" | "to">,
): IForbiddenRuleType => ({
  name,
  comment,
  severity: "error",
  ...parts,
});

/** A layer may import what stands before it in: kernel, platform, modules, roles, main. */
const layer = (name: string, above: string): IForbiddenRuleType =>
  rule(`${name}-looks-down`, `${name} <- ${above}`, {
    from: { path: `${server}/${name}/`, pathNot: tests },
    to: { path: `${server}/(${above})` },
  });

/** Each module may import those before it. */
const modules = ["identity", "projects", "files", "collaboration", "execution", "previews"];
const moduleLooksBack = (name: string, at: number): IForbiddenRuleType =>
  rule(`${name}-looks-back`, modules.join(" <- "), {
    from: { path: `${server}/modules/${name}/`, pathNot: tests },
    to: { path: `${server}/modules/(${modules.slice(at + 1).join("|")})/` },
  });

export const rules: IForbiddenRuleType[] = [
  rule("contracts-are-pure", "contracts run in a browser and in a server: zod and nothing else", {
    from: { path: "^packages/contracts/src", pathNot: tests },
    to: { pathNot: "^packages/contracts/src|^node_modules/zod/" },
  }),
  rule("run-configurations-are-pure", "the page and the server use them: contracts, and parsers that run anywhere", {
    from: { path: "^packages/run-configurations/src", pathNot: tests },
    to: {
      pathNot: "^packages/(run-configurations|contracts)/src|^node_modules/(zod|jsonc-parser|smol-toml|yaml)/",
    },
  }),
  rule("contracts-first", "contracts <- run-configurations <- {server, web}", {
    from: { path: "^packages/contracts" },
    to: { path: "^packages/run-configurations" },
  }),
  rule("web-without-server", "the page and the server meet in contracts", {
    from: { path: "^packages/web" },
    to: { path: "^packages/server" },
  }),
  rule("server-without-web", "the page and the server meet in contracts", {
    from: { path: server },
    to: { path: "^packages/web" },
  }),
  layer("kernel", "platform|modules|roles|main|config"),
  layer("platform", "modules|roles|main|config\\.ts"),
  layer("modules", "roles|main\\.ts|config\\.ts"),
  layer("roles", "main\\.ts"),
  ...modules.slice(0, -1).map(moduleLooksBack),
  rule("modules-have-one-index", "another module is imported by its name (#projects), never by a path into it", {
    from: { path: `${server}/modules/([^/]+)/`, pathNot: tests },
    to: { path: `${server}/modules/`, pathNot: `${server}/modules/($1/|[^/]+/index\\.ts$)` },
  }),
  rule("modules-by-name", "another module is imported by its name (#projects), not by a relative path", {
    from: { path: `${server}/modules/([^/]+)/`, pathNot: tests },
    to: {
      path: `${server}/modules/`,
      pathNot: `${server}/modules/$1/`,
      dependencyTypesNot: ["aliased-subpath-import"],
    },
  }),
  rule("layers-by-name", "kernel and platform are imported by their names (#kernel/clock, #platform/sql)", {
    from: { path: `${server}/(platform|modules)/`, pathNot: tests },
    to: {
      path: `${server}/(kernel|platform)/`,
      pathNot: `${server}/$1/`,
      dependencyTypesNot: ["aliased-subpath-import"],
    },
  }),
  rule("adapters-are-chosen-in-main", "embedded or distributed is decided once", {
    from: { path: server, pathNot: `${server}/(main\\.ts|.*/adapters/)|${tests}` },
    to: { path: "/adapters/" },
  }),
  rule(
    "sandboxes-without-packages",
    "the providers also run on a machine without npm packages (tests/guest), so they must not import any at run time",
    {
      from: { path: `${server}/(platform/sandboxes/(?!images/)|modules/execution/run/)`, pathNot: tests },
      to: {
        path: "node_modules/|^packages/contracts/src/",
        pathNot: "^packages/contracts/src/path\\.ts$",
        dependencyTypesNot: ["type-only"],
      },
    },
  ),
  rule("product-without-tests", "what ships does not import what tests it", {
    from: { path: "^packages/", pathNot: tests },
    to: { path: `${tests}|^tests/` },
  }),
  rule("no-cycle", "a cycle of imports has no order of understanding; types may know each other", {
    from: { path: "^packages/" },
    to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
  }),
  rule("resolvable", "an import that nothing answers", {
    from: { path: "^packages/" },
    to: { couldNotResolve: true, pathNot: generated },
  }),
  rule("declared-packages", "a package is used by who declares it", {
    from: { path: "^packages/", pathNot: tests },
    to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "unknown"], pathNot: generated },
  }),
];
