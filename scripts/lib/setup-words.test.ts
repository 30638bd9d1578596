/** The output of a setup: names of fetched packages, and reasons of failures, without noise. */
import { expect, test } from "vitest";
import { explained, plainly } from "./debian.mjs";
import { progressOf } from "./dependencies.mjs";
import { SetupFault } from "./fault.mjs";
import { complaintsOf, packagesFor } from "./system-packages.mjs";

test("npm: the package's name and failures, without warnings about the Node that only installs", () => {
  const fetched = "npm http fetch GET 200 https://example.org/@types%2fnode/-/node-24.0.0.tgz 51ms (cache miss)";
  expect(progressOf(fetched)).toBe("fetched @types/node");
  expect(progressOf("npm WARN EBADENGINE Unsupported engine {")).toBeUndefined();
  expect(progressOf("npm warn deprecated thing@1.0.0: old")).toBeUndefined();
  const trouble = "npm http fetch GET https://example.org/thing attempt 1 failed with ETIMEDOUT";
  expect(progressOf(trouble)).toBe(trouble);
  expect(progressOf("npm ERR! code ENOTFOUND")).toBe("npm ERR! code ENOTFOUND");
});

test("mmdebstrap: in plain words, without its prefixes", () => {
  expect(plainly("I: installing remaining packages inside the chroot...")).toBe("installing remaining packages");
  expect(plainly("I: running apt-get update...")).toBe("reading Debian's package lists");
  expect(plainly("E: apt-get update failed")).toBe("E: apt-get update failed");
});

test("missing keys of an archive are reported as one fault; an unknown failure is reported with its output", () => {
  const old = new SetupFault("downloading runsc failed (exit 25)", {
    detail: "Err:1 …\n  NO_PUBKEY 0123456789ABCDEF\n",
  });
  expect(explained(old).message).toMatch(/debian-archive-keyring is older/u);
  expect(explained(old).detail).toBeUndefined();
  const other = new SetupFault("downloading runsc failed (exit 25)", { detail: "E: no space left" });
  expect(explained(other)).toBe(other);
});

test("apt: errors before warnings, each once, and few", () => {
  const warning = "W: GPG error: http://example.org noble InRelease: NO_PUBKEY 0123456789ABCDEF";
  const error = "E: The repository 'http://example.org noble InRelease' is not signed.";
  expect(complaintsOf(["Reading package lists...", warning, error, error, "Done"].join("\n"))).toEqual([error]);
  expect(complaintsOf(warning)).toEqual([warning]);
  expect(complaintsOf("all is well")).toEqual([]);
  expect(complaintsOf("a\nE: 1\nE: 2\nE: 3\nE: 4\nE: 5")).toHaveLength(4);
});

test("an ordinary user needs no packages that only a server of root uses", () => {
  const names = (asRoot: boolean) => packagesFor(asRoot).map(({ name }) => name);
  expect(names(true)).toContain("e2fsprogs");
  expect(names(false)).not.toContain("e2fsprogs");
  expect(names(false)).toEqual(expect.arrayContaining(["bubblewrap", "mmdebstrap", "uidmap"]));
});
