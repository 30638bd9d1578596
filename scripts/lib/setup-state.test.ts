/** The server can read the state of the setup. */
import { existsSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { readSetupState } from "../../packages/server/src/roles/executor/setup-state.ts";
import { createSetupState } from "./setup-state.mjs";

const state = createSetupState();
afterEach(() => state.remove());

test("pending steps, their end and their faults reach the server through the file", async () => {
  const [tools, image] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  const running = [
    state.during("Tools", () => tools.promise),
    state.during("Image", async (onFault) => {
      await image.promise;
      onFault(new Error("no space"));
    }),
  ];
  expect(state.pending()).toEqual(["Tools", "Image"]);
  const file = state.publish();
  expect(await readSetupState(file)).toEqual({ pending: ["Tools", "Image"], faults: [] });
  tools.resolve(undefined);
  await running[0];
  expect(await readSetupState(file)).toEqual({ pending: ["Image"], faults: [] });
  image.resolve(undefined);
  await running[1];
  expect(await readSetupState(file)).toEqual({ pending: [], faults: [{ step: "Image", message: "no space" }] });
  state.remove();
  expect(existsSync(file)).toBe(false);
  expect(await readSetupState(file)).toEqual({ pending: [], faults: [] });
});
