/** Which tests there are: beside the code, over the whole tree, and in front of a real server. */
import { defineConfig } from "vitest/config";
import { languageTables } from "./packages/web/build/language-tables.ts";
import { LongestFirst } from "./tests/support/longest-first.ts";

const excluded = ["**/node_modules/**", "**/dist/**"];

const grammarTest = "packages/web/src/features/editor/monaco/textmate.test.ts";

/** Node runs our TypeScript as it is and keeps what it compiled: nothing is transformed, and there is no `vi.mock`. */
const asNodeDoes = { experimental: { viteModuleRunner: false, nodeLoader: false } } as const;

const nodeTests = [
  "packages/{contracts,run-configurations,server}/**/*.test.ts",
  "scripts/**/*.test.ts",
  "tests/{services,project-shapes}/**/*.test.ts",
];
const unit = {
  // How long something may take on a machine that is busy with much else; it is not what is tested.
  testTimeout: 60_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 20_000 } },
  // Starting Node and reading the modules takes longer than most files' tests: files share a process, and leave nothing behind in it.
  isolate: false,
  setupFiles: "tests/support/leaves-nothing.ts",
} as const;

export default defineConfig({
  test: {
    reporters: ["default"],
    // What tests start ends with the run, also when it is killed.
    globalSetup: "tests/support/watch-vitest.ts",
    // Most tests wait for processes, timers and disks: two at a time keep two cores half busy.
    maxWorkers: "100%",
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { ...unit, ...asNodeDoes, name: "unit", include: nodeTests, exclude: excluded } },
      {
        // The page's modules import tables that its build generates.
        plugins: [languageTables()],
        test: {
          ...unit,
          name: "unit-page",
          include: ["packages/web/**/*.test.{ts,tsx}"],
          exclude: [...excluded, grammarTest],
        },
      },
      {
        // In a process that has much compiled code V8 compiles large expressions in another way, and refuses COBOL's: a page has less.
        plugins: [languageTables()],
        test: { ...unit, name: "unit-grammars", include: [grammarTest], exclude: excluded, isolate: true },
      },
      {
        test: {
          ...asNodeDoes,
          name: "architecture",
          include: ["tests/architecture/**/*.test.ts"],
          exclude: excluded,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["tests/e2e/**/*.e2e.ts"],
          exclude: excluded,
          // A browser mostly waits, so two fit on two cores. The files of a worker share its browser, and all files the usual servers.
          maxWorkers: 2,
          isolate: false,
          globalSetup: "tests/support/shared-servers.ts",
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: "browsers",
          include: ["tests/browsers/**/*.browser.ts"],
          exclude: excluded,
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "guest",
          include: ["tests/guest/**/*.test.ts"],
          exclude: excluded,
        },
      },
    ],
  },
});
