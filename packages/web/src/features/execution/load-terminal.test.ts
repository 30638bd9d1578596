import { expect, it, vi } from "vitest";
import { preloadTerminal } from "./load-terminal.ts";

it("a terminal that cannot be loaded ahead is no uncaught error", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const uncaught: unknown[] = [];
  const hear = (error: unknown): number => uncaught.push(error);
  process.on("unhandledRejection", hear);
  preloadTerminal(() => Promise.reject(new Error("Unable to preload CSS")));
  await new Promise((resolve) => setTimeout(resolve));
  process.off("unhandledRejection", hear);
  expect(uncaught).toEqual([]);
  expect(warn).toHaveBeenCalledOnce();
});
