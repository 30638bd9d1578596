/** Archives of images: out and in again, and what is refused. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, expect, test } from "vitest";
import { run } from "../command.mjs";
import { digest } from "../recipe.mjs";
import { listBuilds } from "./builds.mjs";
import { exportImages, importImages } from "./bundle.mjs";
import { treeDigest } from "./tree-digest.mjs";

const parent = mkdtempSync(join(tmpdir(), "atelier-bundle-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
const imagesFolder = (): string => mkdtempSync(join(parent, "images-"));
const tell = (): void => undefined;

const add = async (images: string, name: string, { text, over }: { text: string; over?: string }): Promise<string> => {
  const recipe = { name, processor: process.arch };
  const id = `${name}-${digest(recipe).slice(0, 16)}`;
  const root = join(images, id, "rootfs");
  mkdirSync(join(root, "usr/bin"), { recursive: true });
  writeFileSync(join(root, "usr/bin", name), text);
  chmodSync(join(root, "usr/bin", name), 0o755);
  symlinkSync(name, join(root, "usr/bin", `${name}-link`));
  const facts = {
    name,
    recipe,
    packages: {},
    ...(over === undefined ? {} : { over }),
    builtAt: "2026-01-01T00:00:00.000Z",
  };
  const withSum = { ...facts, ...(await treeDigest(root)) };
  // A base that was built before checksums gets one when it is exported.
  writeFileSync(join(images, id, "image.json"), JSON.stringify(over === undefined ? facts : withSum));
  return id;
};

const exported = async (
  name: string,
  text: string,
): Promise<{ file: string; base: string; lua: string; images: string }> => {
  const images = imagesFolder();
  const base = await add(images, "base", { text });
  const lua = await add(images, "lua", { text: "lua", over: base });
  const file = join(parent, name);
  const builds = listBuilds(images).filter(({ id }) => id === lua);
  expect(await exportImages({ images, file, builds })).toEqual([base, lua]);
  return { file, base, lua, images };
};

test("an exported layer brings its base, and is the same after the import; a second import adds nothing", async () => {
  const { file, base, lua, images } = await exported("whole.tar.gz", "base");
  const there = imagesFolder();
  expect(await importImages({ images: there, file, tell })).toEqual([base, lua]);
  for (const id of [base, lua])
    expect(await treeDigest(join(there, id, "rootfs"))).toEqual(await treeDigest(join(images, id, "rootfs")));
  expect(listBuilds(there).map(({ id }) => id)).toEqual([base, lua]);
  expect(existsSync(join(there, lua, "used"))).toBe(true);
  expect(await importImages({ images: there, file, tell })).toEqual([]);
});

test("another base of the same name stays, and the layer that comes in knows its own", async () => {
  const { file, base, lua } = await exported("other.tar", "base of another day");
  const there = imagesFolder();
  await add(there, "base", { text: "base" });
  expect(await importImages({ images: there, file, tell })).toEqual([`${base}-2`, lua]);
  expect(JSON.parse(readFileSync(join(there, lua, "image.json"), "utf8"))).toMatchObject({ over: `${base}-2` });
  expect(readFileSync(join(there, base, "rootfs/usr/bin/base"), "utf8")).toBe("base");
});

test("an archive with one damaged file is refused as a whole", async () => {
  const { base, lua, images } = await exported("unused.tar", "base");
  const refused: [change: () => void, why: RegExp][] = [
    [() => writeFileSync(join(images, lua, "rootfs/usr/bin/lua"), "lux"), /its checksum is wrong/],
    [() => chmodSync(join(images, lua, "rootfs/usr/bin/lua"), 0o644), /its checksum is wrong/],
    [() => rmSync(join(images, lua, "image.json")), /it is not complete/],
  ];
  for (const [change, why] of refused) {
    change();
    const file = join(parent, "damaged.tar");
    await run("tar", ["--create", "--file", file, "--directory", images, base, lua]);
    const there = imagesFolder();
    await expect(importImages({ images: there, file, tell })).rejects.toThrow(why);
    expect(listBuilds(there)).toEqual([]);
  }
  await expect(importImages({ images: imagesFolder(), file: join(parent, "none.tar"), tell })).rejects.toThrow(
    "is not there",
  );
});

test("a layer without its base is refused", async () => {
  const { lua, images } = await exported("unused2.tar", "base");
  const file = join(parent, "alone.tar");
  await run("tar", ["--create", "--file", file, "--directory", images, lua]);
  await expect(importImages({ images: imagesFolder(), file, tell })).rejects.toThrow(
    /needs base-.*neither there nor here/,
  );
});
