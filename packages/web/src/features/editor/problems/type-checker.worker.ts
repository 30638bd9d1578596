/** Runs the type checker in a worker, so that the compiler never blocks typing. */
import { libFileMap } from "monaco-editor/languages/features/typescript/lib/lib";
import { typescript } from "monaco-editor/languages/features/typescript/lib/typescriptServices";
import { nodeDeclarations } from "./node-declarations.ts";
import type { CheckerAnswer, CheckerRequest } from "./problem.ts";
import { createTypeChecker } from "./type-checker.ts";

const checker = createTypeChecker({ typescript, libraries: libFileMap, declarations: nodeDeclarations });
const answer = (message: CheckerAnswer): void => globalThis.postMessage(message);

globalThis.addEventListener("message", ({ data }: MessageEvent<CheckerRequest>) => {
  if (data.kind === "update") return checker.update(data.texts, data.paths);
  try {
    answer({ id: data.id, ...checker.check(data.path) });
  } catch (error) {
    answer({ id: data.id, kind: "failed", reason: String(error) });
  }
});
