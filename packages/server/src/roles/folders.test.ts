import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { findRunsc } from "./folders.ts";

let tools = "";
afterEach(() => rm(tools, { recursive: true, force: true }));

it("finds runsc in the tools folder first, then in the newest folder of the setup, in it or beside it", async () => {
  tools = await mkdtemp(join(tmpdir(), "tools-"));
  const add = async (name: string, madeAt: number): Promise<string> => {
    await mkdir(join(tools, name));
    await writeFile(join(tools, name, "runsc"), "");
    await utimes(join(tools, name), madeAt, madeAt);
    return join(tools, name, "runsc");
  };
  const own = join(tools, "runsc-1");
  // The system may have one installed.
  const before = await findRunsc(own);
  const built = await add("runsc-built-2", 2_000);
  expect([before === built, await findRunsc(own), await findRunsc(tools)]).toEqual([false, built, built]);
  const newer = await add("runsc-built-3", 3_000);
  expect([await findRunsc(own), await findRunsc(tools)]).toEqual([newer, newer]);
  const first = await add("runsc-1", 1_000);
  expect([await findRunsc(own), await findRunsc(tools)]).toEqual([first, newer]);
});
