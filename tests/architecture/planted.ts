/** One file for each rule that breaks it, and nothing else: a rule that does not catch its file is not a rule. */

export type Planted = { readonly rule: string; readonly path: string; readonly text: string };

const server = "packages/server/src";

/** Files to add to a copy of the tree. */
export const planted: readonly Planted[] = [
  { rule: "contracts-are-pure", path: "packages/contracts/src/planted.ts", text: 'import "node:fs";' },
  {
    rule: "run-configurations-are-pure",
    path: "packages/run-configurations/src/planted.ts",
    text: 'import "node:fs";',
  },
  {
    rule: "contracts-first",
    path: "packages/contracts/src/planted-configurations.ts",
    text: 'import "@atelier/run-configurations";',
  },
  {
    rule: "web-without-server",
    path: "packages/web/src/planted.ts",
    text: 'import "../../server/src/kernel/clock.ts";',
  },
  { rule: "server-without-web", path: `${server}/planted-web.ts`, text: 'import "../../web/src/main.tsx";' },
  { rule: "kernel-looks-down", path: `${server}/kernel/planted.ts`, text: 'import "../platform/sql/index.ts";' },
  { rule: "platform-looks-down", path: `${server}/platform/planted/index.ts`, text: 'import "#identity";' },
  {
    rule: "modules-looks-down",
    path: `${server}/modules/identity/planted-role.ts`,
    text: 'import "../../roles/planted-stock.ts";',
  },
  { rule: "roles-looks-down", path: `${server}/roles/planted.ts`, text: 'import "../main.ts";' },
  { rule: "identity-looks-back", path: `${server}/modules/identity/planted.ts`, text: 'import "#projects";' },
  { rule: "projects-looks-back", path: `${server}/modules/projects/planted.ts`, text: 'import "#files";' },
  { rule: "files-looks-back", path: `${server}/modules/files/planted.ts`, text: 'import "#collaboration";' },
  {
    rule: "collaboration-looks-back",
    path: `${server}/modules/collaboration/planted.ts`,
    text: 'import "#execution";',
  },
  {
    rule: "execution-looks-back",
    path: `${server}/modules/execution/planted.ts`,
    text: 'import "#previews";',
  },
  {
    rule: "modules-have-one-index",
    path: `${server}/modules/projects/planted-path.ts`,
    text: 'import "#planted-inside";',
  },
  {
    rule: "modules-by-name",
    path: `${server}/modules/projects/planted-index.ts`,
    text: 'import "../identity/index.ts";',
  },
  {
    rule: "layers-by-name",
    path: `${server}/modules/projects/planted-kernel.ts`,
    text: 'import "../../kernel/clock.ts";',
  },
  {
    rule: "adapters-are-chosen-in-main",
    path: `${server}/modules/files/planted-adapter.ts`,
    text: 'import "./adapters/planted-stock.ts";',
  },
  {
    rule: "sandboxes-without-packages",
    path: `${server}/platform/sandboxes/machine/planted.ts`,
    text: 'import { parsePath } from "@atelier/contracts";\nexport const parse = parsePath;',
  },
  {
    rule: "product-without-tests",
    path: `${server}/modules/projects/planted-test.ts`,
    text: 'import "./planted-stock.test.ts";',
  },
  { rule: "no-cycle", path: `${server}/modules/projects/planted-cycle.ts`, text: 'import "./planted-cycle.ts";' },
  {
    rule: "resolvable",
    path: `${server}/modules/projects/planted-nowhere.ts`,
    text: 'import "./there-is-no-such-file.ts";',
  },
  { rule: "declared-packages", path: `${server}/modules/projects/planted-package.ts`, text: 'import "react";' },
];

/** Innocent files that the planted ones point at. */
export const stock: readonly string[] = [
  `${server}/main.ts`,
  `${server}/roles/planted-stock.ts`,
  `${server}/platform/sql/index.ts`,
  `${server}/modules/files/adapters/planted-stock.ts`,
  `${server}/modules/projects/planted-stock.test.ts`,
  `${server}/modules/identity/inside.ts`,
  `${server}/modules/files/index.ts`,
  `${server}/modules/execution/index.ts`,
  `${server}/modules/collaboration/index.ts`,
];
