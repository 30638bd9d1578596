import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImageStore } from "./image-store.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "images-"));
  await mkdir(join(root, "recipes"));
  await writeFile(
    join(root, "recipes/base.json"),
    JSON.stringify({ name: "base", suite: "trixie", packages: ["bash"] }),
  );
});
afterEach(() => rm(root, { recursive: true }));

const build = async (options: {
  packages?: string[];
  builtAt: string;
  complete?: boolean;
  digest?: string;
}): Promise<string> => {
  const recipe = {
    name: "base",
    suite: "trixie",
    packages: options.packages ?? ["bash"],
    node: "24.1.0",
    layout: options.builtAt,
  };
  const digest = options.digest ?? createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 16);
  const folder = join(root, "images", `base-${digest}`);
  await mkdir(join(folder, "rootfs"), { recursive: true });
  const facts = { recipe, packages: { bash: "5.2.37-2" }, builtAt: options.builtAt };
  if (options.complete !== false) await writeFile(join(folder, "image.json"), JSON.stringify(facts));
  return join(folder, "rootfs");
};

describe("the image store", () => {
  const store = () => createImageStore({ recipes: join(root, "recipes"), images: join(root, "images") });

  it("finds the newest complete image of the recipe, with its versions", async () => {
    await build({ builtAt: "2026-01-01T00:00:00.000Z" });
    const newest = await build({ builtAt: "2026-02-01T00:00:00.000Z" });
    await build({ builtAt: "2026-03-01T00:00:00.000Z", complete: false });
    await build({ builtAt: "2026-04-01T00:00:00.000Z", packages: ["bash", "gcc"] });
    await build({ builtAt: "2026-05-01T00:00:00.000Z", digest: "0123456789abcdef" });
    expect(await store().find("base")).toEqual({
      layers: [newest],
      versions: { bash: "5.2.37-2", node: "24.1.0" },
      bytes: null,
    });
  });

  it("puts a layer over the base's build that it belongs to, and has none while that is gone", async () => {
    const recipe = { name: "jvm", over: "base", suite: "trixie", packages: ["jdk"], maven: ["a:b:1"] };
    await writeFile(join(root, "recipes/jvm.json"), JSON.stringify(recipe));
    const layer = async (given: object, over: string, builtAt: string): Promise<string> => {
      const digest = createHash("sha256").update(JSON.stringify(given)).digest("hex").slice(0, 16);
      const folder = join(root, "images", `jvm-${digest}-${builtAt.slice(6, 7)}`);
      await mkdir(join(folder, "rootfs"), { recursive: true });
      const facts = { recipe: given, over, packages: { jdk: "25-1" }, others: { "maven a:b": "1" }, bytes: 9, builtAt };
      await writeFile(join(folder, "image.json"), JSON.stringify(facts));
      return join(folder, "rootfs");
    };
    const older = await build({ builtAt: "2026-01-01T00:00:00.000Z" });
    await build({ builtAt: "2026-02-01T00:00:00.000Z" });
    const over = basename(dirname(older));
    const wanted = await layer(recipe, over, "2026-02-01T00:00:00.000Z");
    await layer({ ...recipe, maven: ["a:b:2"] }, over, "2026-03-01T00:00:00.000Z");
    await layer(recipe, "base-0123456789abcdef", "2026-04-01T00:00:00.000Z");
    expect(await store().find("jvm")).toEqual({
      layers: [older, wanted],
      versions: { bash: "5.2.37-2", node: "24.1.0", jdk: "25-1", "maven a:b": "1" },
      bytes: 9,
    });
  });

  it("has none before it is built, and knows no unknown recipe", async () => {
    expect(await store().find("base")).toBeUndefined();
    await expect(store().find("other")).rejects.toThrow("ENOENT");
  });
});
