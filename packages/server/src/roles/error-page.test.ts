/** docs/errors.md and the table of problems have the same codes with the same status. */
import { type ProblemCode, PROBLEMS } from "@atelier/contracts";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";

const LINE = /^- `([a-z]+\/[a-z-]+)` \((\d{3})\): .{10,}$/gmu;

const documented = async (): Promise<Map<string, number>> => {
  const page = await readFile(join(import.meta.dirname, "../../../../docs/errors.md"), "utf8");
  const lines = [...page.matchAll(LINE)];
  expect(lines.length).toBe(page.match(/^- `/gmu)?.length);
  return new Map(lines.map((match) => [match[1] ?? "", Number(match[2])]));
};

it("documents every code, and no other", async () => {
  const page = await documented();
  const codes = Object.keys(PROBLEMS);
  expect(codes.length).toBeGreaterThan(40);
  expect([...page.keys()].toSorted()).toEqual(codes.toSorted());
});

it("documents the status that is sent", async () => {
  for (const [code, status] of await documented()) expect(PROBLEMS[code as ProblemCode].status, code).toBe(status);
});
