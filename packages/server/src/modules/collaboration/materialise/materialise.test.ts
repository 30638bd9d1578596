import { expect, it } from "vitest";
import { outOfCpu } from "./materialise.ts";

it("[C30] comparing texts is limited by the CPU time used, not by the elapsed time", () => {
  const isOut = outOfCpu(20);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
  expect(isOut()).toBe(false);
  let loops = 0;
  while (!isOut()) loops += 1;
  expect(loops).toBeGreaterThan(0);
});
