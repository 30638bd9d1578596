/** Reads a source tree with dependency-cruiser and returns the violations of the rules. */
import { cruise, type ICruiseResult } from "dependency-cruiser";
import { rules } from "./rules.ts";

export type Violation = { readonly rule: string; readonly from: string; readonly to: string };

export type Tree = {
  /** Paths, relative to the root, of the source files of ours that were read. */
  readonly files: readonly string[];
  readonly violations: readonly Violation[];
  /** How many imports between files of ours were followed. */
  readonly arrows: number;
};

/** @param root folder that holds `packages` and `node_modules`. */
export const cruiseTree = async (root: string): Promise<Tree> => {
  const { output } = await cruise(
    ["packages"],
    {
      baseDir: root,
      ruleSet: { forbidden: rules },
      validate: true,
      // Types cross borders too.
      tsPreCompilationDeps: true,
      doNotFollow: { path: "node_modules" },
      exclude: { path: "/dist/|^packages/[^/]+/node_modules|packages/sandbox-init|\\.local\\.ts$" },
      combinedDependencies: true,
      enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "default", "types"] },
    },
    { extensions: [".ts", ".tsx", ".mjs", ".js", ".json", ".css"] },
  );
  const result = output as ICruiseResult;
  const ours = result.modules.filter((module) => /^packages\/.*\.tsx?$/.test(module.source));
  return {
    files: ours.map((module) => module.source),
    arrows: ours.flatMap((module) => module.dependencies).filter((one) => one.resolved.startsWith("packages/")).length,
    violations: result.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
};
