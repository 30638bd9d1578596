import { CLOSE } from "@atelier/contracts";
import { expect, it } from "vitest";
import { FINAL_CLOSE_CODES } from "./project-events.ts";

it("does not come back after the close codes that are final, as the contract numbers them", () => {
  expect(FINAL_CLOSE_CODES).toEqual([CLOSE.rightsTaken, CLOSE.notFound]);
});
