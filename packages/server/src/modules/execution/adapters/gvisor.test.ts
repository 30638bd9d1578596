/** The gvisor tier against the providers' contract. */
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "#kernel/log";
import { sandboxProviderContract } from "../ports.contract.ts";
import { buildInit } from "../sandbox/build-init.ts";
import { createGvisorProvider } from "./gvisor.ts";

const repository = join(import.meta.dirname, "../../../../../..");
const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const runsc = join(process.env["ATELIER_TEST_TOOLS"] ?? "", "runsc");
const stateFolder = mkdtempSync(join(tmpdir(), "atelier-gvisor-"));

sandboxProviderContract({
  tier: "gvisor",
  missing: existsSync(imageRoot) && existsSync(runsc) ? undefined : "set ATELIER_TEST_IMAGE and ATELIER_TEST_TOOLS",
  imageRoot,
  stateFolder,
  open: async () =>
    createGvisorProvider({
      runsc,
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
