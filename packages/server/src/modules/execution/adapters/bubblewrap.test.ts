/** The namespaces tier against the providers' contract. */
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "#kernel/log";
import { sandboxProviderContract } from "../ports.contract.ts";
import { buildInit } from "../sandbox/build-init.ts";
import { createBubblewrapProvider } from "./bubblewrap.ts";

const repository = join(import.meta.dirname, "../../../../../..");
const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const stateFolder = mkdtempSync(join(tmpdir(), "atelier-bubblewrap-"));

sandboxProviderContract({
  tier: "namespaces",
  missing: existsSync(imageRoot) ? undefined : "set ATELIER_TEST_IMAGE",
  imageRoot,
  stateFolder,
  open: async () =>
    createBubblewrapProvider({
      bwrap: "bwrap",
      initPath: await buildInit({
        imageRoot,
        cacheFolder: join(stateFolder, "init"),
        sourceFolder: join(repository, "packages/sandbox-init"),
      }),
      warmUpFolder: join(repository, "languages"),
      stateFolder,
      log: silentLog,
    }),
});
