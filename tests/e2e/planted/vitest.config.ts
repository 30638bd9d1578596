/** Runs the planted test file, and nothing else, with the same global setup as all tests. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/e2e/planted/endless.planted.ts"],
    globalSetup: "tests/support/watch-vitest.ts",
    reporters: ["default"],
  },
});
