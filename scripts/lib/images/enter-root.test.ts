/** Roots made of layers: what is written goes to the upper folder, nothing stays mounted, and the end of the starter ends everything. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, expect, test } from "vitest";
import { eventually } from "../../../tests/support/eventually.ts";
import { checkRoot } from "./check-root.mjs";
import { canOverlay, enterRoot, removeTree } from "./enter-root.mjs";
import { finishLayer } from "./finish-layer.mjs";
import { treeDigest } from "./tree-digest.mjs";

const image = process.env["ATELIER_TEST_IMAGE"] ?? "";
const parent = mkdtempSync(join(tmpdir(), "atelier-roots-"));
afterAll(() => removeTree(parent));
const fresh = (): string => mkdtempSync(join(parent, "root-"));
const isThere = existsSync(join(image, "bin/sh"));
const folder = fresh();
const upper = join(folder, "upper");
mkdirSync(upper);
const overlay = isThere && (await canOverlay({ folder, layers: [image], upper }));

test.skipIf(!isThere)(
  "a line runs in the layers, without a network and without rights to write; a fault has its output",
  async () => {
    const layer = join(fresh(), "layer");
    mkdirSync(join(layer, "usr/bin"), { recursive: true });
    writeFileSync(
      join(layer, "usr/bin/hello"),
      "#!/bin/sh\necho hello; cat /sys/class/net/*/address 2>&1; ls /proc | head -1\n",
      { mode: 0o755 },
    );
    const enter = (line: string) => enterRoot({ folder: fresh(), layers: [image, layer], line, what: "the line" });
    expect((await enter("hello")).split("\n")[0]).toBe("hello");
    expect(
      await enter(
        "ls /sys/class/net 2>/dev/null | grep -v lo; python3 -c 'import socket; print(len(socket.if_nameindex()))'",
      ),
    ).toBe("1\n");
    await expect(enter("echo no >/usr/bin/x")).rejects.toThrow("the line failed");
    await expect(enter("echo said; exit 3")).rejects.toMatchObject({
      message: "the line failed (exit 3)",
      detail: "said",
    });
  },
);

test.skipIf(!overlay)(
  "a layer is what was written, without an overlay's marks, machine's files and what the base has",
  async () => {
    const work = fresh();
    const written = join(work, "upper");
    mkdirSync(written);
    const line = [
      "mkdir -p /usr/lib/new/deep && echo a >/usr/lib/new/deep/a && ln -s a /usr/lib/new/deep/b",
      "cp /etc/ld.so.conf /etc/ld.so.conf.new && mv /etc/ld.so.conf.new /etc/ld.so.conf",
      "chmod 700 /usr/lib/new && echo x >>/etc/passwd && mkdir -p /var/cache/c && echo c >/var/cache/c/c && rm -f /etc/hostname",
      "touch -d 2001-01-01 /bin/true && chmod 4755 /usr/lib/new/deep/a",
    ].join(" && ");
    await enterRoot({ folder: work, layers: [image], upper: written, line, what: "writing" });
    const layer = join(work, "rootfs");
    await finishLayer({ upper: written, base: image, layer });
    expect((await treeDigest(layer)).files).toBe(6);
    expect(readdirSync(layer)).toEqual(["usr"]);
    expect(existsSync(written)).toBe(false);
    // A second layer beside the first in the new folder: an opaque folder would hide it.
    const other = join(fresh(), "other");
    mkdirSync(join(other, "usr/lib/new/deep"), { recursive: true });
    writeFileSync(join(other, "usr/lib/new/deep/c"), "c\n");
    for (const layers of [
      [image, other, layer],
      [image, layer, other],
    ])
      expect(await enterRoot({ folder: fresh(), layers, line: "cat /usr/lib/new/deep/?", what: "reading" })).toBe(
        "a\na\nc\n",
      );
    await checkRoot({
      folder: fresh(),
      layers: [image, layer],
      recipe: { check: ["test $(id -u) = 1000 && test -r /usr/lib/new/deep/a && touch here"] },
    });
  },
);

test.skipIf(!overlay)("a layer that removes a file of the base is refused", async () => {
  const work = fresh();
  const written = join(work, "upper");
  mkdirSync(written);
  await enterRoot({ folder: work, layers: [image], upper: written, line: "rm /usr/bin/gawk", what: "removing" });
  await expect(finishLayer({ upper: written, base: image, layer: join(work, "rootfs") })).rejects.toThrow(
    "usr/bin/gawk",
  );
});

test.skipIf(!isThere)("when the starter is killed, nothing of the root runs or is mounted any more", async () => {
  const work = fresh();
  const program = `import { enterRoot } from ${JSON.stringify(join(import.meta.dirname, "enter-root.mjs"))};
    const tell = (line) => console.log(line);
    await enterRoot({ folder: ${JSON.stringify(work)}, layers: [${JSON.stringify(image)}], line: "echo running; sleep 1000", what: "sleeping", tell });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const running = (): string[] =>
    readdirSync("/proc").filter((pid) => {
      try {
        return /^\d+$/u.test(pid) && readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes(work);
      } catch {
        return false;
      }
    });
  expect(running().length).toBeGreaterThan(0);
  child.kill("SIGKILL");
  await eventually(() => expect(running()).toEqual([]));
  rmSync(work, { recursive: true });
});
