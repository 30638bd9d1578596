/** A server that listens while the image and the tools are still built: the page says so, and programs run as soon as they are there. */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ApiError, signInAsGuest } from "../support/client.ts";
import { EditorPage } from "../support/editor-page.ts";
import { eventually } from "../support/eventually.ts";
import { setStage } from "../support/stage.ts";

const image = dirname(process.env["ATELIER_TEST_IMAGE"] ?? "");
const tools = process.env["ATELIER_TEST_TOOLS"] ?? "";

const folder = await mkdtemp(join(tmpdir(), "prepared-"));
const folders = { images: join(folder, "images"), tools: join(folder, "tools"), state: join(folder, "setup.json") };

/** Writes the file as scripts/lib/setup-state.mjs does. */
const say = async (state: object): Promise<void> => {
  await writeFile(`${folders.state}.new`, JSON.stringify(state));
  await rename(`${folders.state}.new`, folders.state);
};

beforeAll(async () => {
  await mkdir(folders.images);
  await mkdir(folders.tools);
  await say({ pending: ["Tools (gVisor)", "Base language image"], faults: [] });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const stage = setStage({
  env: { IMAGES_DIR: folders.images, TOOLS_DIR: folders.tools, ATELIER_SETUP_STATE: folders.state },
});

const refusal = async (): Promise<ApiError> => {
  const client = await signInAsGuest(stage.server.origin);
  const files = [{ path: "main.py", content: "print(1)" }];
  const error: unknown = await client.startExecution({ language: "python", entryPoint: "main.py", files }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`not refused: ${String(error)}`);
  return error;
};

it("Run is being prepared, then enabled without a reload, and runs", { timeout: 180_000 }, async () => {
  await using ada = await EditorPage.open(stage.browser, `${stage.server.origin}/`);
  await ada.editorReady();
  const strip = ada.page.getByText("This server is still preparing to run programs.").first();
  await strip.waitFor();
  expect(await ada.page.locator(".button-run:visible").getAttribute("aria-disabled")).toBe("true");
  // Editing and saving work meanwhile.
  await ada.replaceAll("print('prepared', 6 * 7)\n");
  await ada.saved();
  expect(await refusal()).toMatchObject({ status: 503, body: { code: "execution/unavailable" } });
  expect(JSON.stringify((await refusal()).body)).toContain("Base language image");

  await symlink(join(tools, "runsc"), join(folders.tools, "runsc"));
  await symlink(image, join(folders.images, basename(image)));
  // Something is still pending, so an incomplete image is not probed.
  await say({ pending: ["Base language image"], faults: [] });
  await eventually(async () => {
    const text = JSON.stringify((await refusal()).body);
    expect(text).toContain("(Base language image)");
  });
  await say({ pending: [], faults: [] });
  await eventually(
    async () => expect(await ada.page.locator(".button-run:visible").getAttribute("aria-disabled")).toBe("false"),
    60_000,
  );
  await ada.run();
  await ada.outputContains("prepared 42");
  expect(ada.faults).toEqual([]);
});
