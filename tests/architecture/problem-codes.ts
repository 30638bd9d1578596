/** Lists the problem codes that the server's code creates, to find declared codes that are never used. */
import type { SourceFile } from "./style-rules.ts";

const made = /\bnew Problem\(\s*"([a-z]+\/[a-z-]+)"/g;

/** @returns the codes of `declared` that no file makes. */
export const neverMade = (declared: readonly string[], files: readonly SourceFile[]): string[] => {
  const found = new Set(files.flatMap(({ text }) => [...text.matchAll(made)].map(([, code]) => code)));
  return declared.filter((code) => !found.has(code));
};
