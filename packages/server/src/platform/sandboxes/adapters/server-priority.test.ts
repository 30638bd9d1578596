import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { raiseServerPriority } from "./server-priority.ts";

const folder = mkdtempSync(join(tmpdir(), "atelier-priority-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("[I54] the server's session gets a higher priority if the kernel has autogroups, and otherwise nothing fails", () => {
  const file = join(folder, "autogroup");
  expect(raiseServerPriority(file)).toBe(false);
  writeFileSync(file, "");
  expect(raiseServerPriority(file)).toBe(true);
  expect(readFileSync(file, "utf8")).toBe("-10");
});
