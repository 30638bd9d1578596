/** The contract's part on what a root is made of: layers, trees, and the probe's root without anything. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ContractContext } from "../ports.contract.ts";
import { makeProbeImage, probeProvider } from "../probe.ts";
import { SandboxUnavailable } from "../sandbox-unavailable.ts";
import { makeNodeTree } from "../machine/node-tree.ts";
import { findResidue, runMounted, runProgram, testBlueprint } from "./harness.ts";

const repository = join(import.meta.dirname, "../../../../../..");

/** Writes files that everybody may read. */
const writeFiles = (folder: string, files: Readonly<Record<string, string>>): string => {
  for (const [path, text] of Object.entries(files)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    for (let at = dirname(target); at.startsWith(folder); at = dirname(at)) chmodSync(at, 0o755);
  }
  return folder;
};

/** Declares the tests. */
export const testMounts = (context: ContractContext): void => {
  describe("mounts", () => {
    let folder = "";
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "atelier-mounts-"));
      chmodSync(folder, 0o755);
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test("[I60] several layers and trees are one read-only root, and no path of the host is seen in it", async () => {
      const middle = writeFiles(join(folder, "middle"), { "opt/of": "middle\n", "opt/middle": "m\n" });
      const upper = writeFiles(join(folder, "upper"), { "opt/of": "upper\n", "etc/debian_version": "layered\n" });
      const tree = writeFiles(join(folder, "tree"), { "inside/file": "tree\n" });
      const script = `
cat /opt/of /opt/middle /etc/debian_version /new/deep/inside/file /srv/inside/file
for target in /opt/of /new/deep/inside/file /srv/inside/file /srv/other /new/other; do echo x 2>/dev/null >>$target && echo "wrote $target"; done
cat /proc/self/mountinfo /proc/mounts
exit 0`;
      const blueprint = {
        ...testBlueprint(context.imageRoot),
        mounts: {
          layers: [context.imageRoot, middle, upper] as const,
          trees: [
            { source: tree, target: "/new/deep" },
            { source: tree, target: "/srv" },
          ],
        },
      };
      const outcome = await runMounted(context.provider(), blueprint, { argv: ["bash", "-c", script] });
      expect(outcome.result.end, outcome.stderr).toEqual({ kind: "exited", exitCode: 0 });
      const [said, mounts] = [outcome.stdout.split("\n").slice(0, 5), outcome.stdout.split("\n").slice(5).join("\n")];
      expect(said).toEqual(["upper", "m", "layered", "tree", "tree"]);
      expect(mounts).not.toContain("wrote");
      expect(mounts).toContain("/project");
      for (const path of [folder, context.imageRoot, context.stateFolder]) expect(mounts).not.toContain(path);
      // The usual programs, users and limits are there as ever.
      const plain = await runProgram(
        { provider: context.provider(), imageRoot: context.imageRoot },
        { argv: ["cat", "/etc/debian_version"] },
      );
      expect(plain.stdout).not.toBe("layered\n");
    });

    test("[I60] a tree alone needs no mount point in the image", async () => {
      const tree = writeFiles(join(folder, "alone"), { file: "alone\n" });
      const blueprint = {
        ...testBlueprint(context.imageRoot),
        mounts: { layers: [context.imageRoot] as const, trees: [{ source: tree, target: "/opt/packages/alone" }] },
      };
      const outcome = await runMounted(context.provider(), blueprint, {
        argv: ["python3", "-c", "print(open('/opt/packages/alone/file').read(), end='')"],
      });
      expect(outcome.stdout, outcome.stderr).toBe("alone\n");
    });

    test.each(["relative", "/a/../b", "/", "/a//b"])("[I60] nothing is mounted at %s", async (target) => {
      const mounts = { layers: [context.imageRoot] as const, trees: [{ source: folder, target }] };
      await expect(context.provider().boot({ ...testBlueprint(context.imageRoot), mounts })).rejects.toThrow(
        SandboxUnavailable,
      );
      expect(findResidue(context.stateFolder)).toEqual([]);
    });

    test("[I61] the probe needs no language image", async () => {
      await expect(probeProvider(context.provider(), join(folder, "probe-image"))).resolves.toBeUndefined();
    });

    test("[I62] our Node runs in an image that has neither Node nor a C library", async () => {
      const { tree, argv } = await makeNodeTree({
        node: process.execPath,
        imageRoot: context.imageRoot,
        cacheFolder: folder,
      });
      const script = `
const { spawnSync } = require("node:child_process"), { readdirSync, readFileSync } = require("node:fs");
const child = spawnSync(process.argv[1], [...process.argv.slice(2), "-p", "6 * 7"], { encoding: "utf8" });
const mounts = readFileSync("/proc/self/mountinfo", "utf8");
console.log(JSON.stringify({ version: process.version, root: readdirSync("/"), child: child.stdout, mounts }));`;
      const outcome = await runMounted(
        context.provider(),
        {
          ...testBlueprint(context.imageRoot),
          mounts: { layers: [makeProbeImage(join(folder, "probe-image"))], trees: [tree] },
        },
        { argv: [...argv, "-e", script, ...argv] },
      );
      expect(outcome.result.end, outcome.stderr).toEqual({ kind: "exited", exitCode: 0 });
      const said = JSON.parse(outcome.stdout) as { version: string; root: string[]; child: string; mounts: string };
      const { optionalDependencies } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
        optionalDependencies: Record<string, string>;
      };
      expect(said.version).toBe(`v${optionalDependencies[`node-linux-${process.arch}`]}`);
      expect(said.child).toBe("42\n");
      expect(said.root.toSorted()).toEqual([".atelier", "dev", "etc", "proc", "project", "sys", "tmp"]);
      expect(said.mounts).not.toContain(folder);
    });
  });
};
