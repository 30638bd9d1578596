/** Stands for a test file that is running when Vitest is ended. */
import { expect, it } from "vitest";
import { runUntilEnded } from "./run-until-ended.ts";

it("runs until it is ended", { timeout: 600_000 }, async () => {
  await runUntilEnded();
  expect.unreachable();
});
