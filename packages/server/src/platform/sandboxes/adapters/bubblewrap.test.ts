/** The namespaces tier against the providers' contract. */
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sandboxProviderContract } from "../ports.contract.ts";
import { providerParts } from "../contract/provider-parts.ts";
import { createBubblewrapProvider } from "./bubblewrap.ts";

const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const stateFolder = mkdtempSync(join(tmpdir(), "atelier-bubblewrap-"));

sandboxProviderContract({
  tier: "namespaces",
  missing: existsSync(imageRoot) ? undefined : "set ATELIER_TEST_IMAGE",
  imageRoot,
  stateFolder,
  madeFrom: async () => ({
    module: "bubblewrap.ts",
    factory: "createBubblewrapProvider",
    options: { ...(await providerParts({ imageRoot, stateFolder })), bwrap: "bwrap" },
  }),
  open: async () => createBubblewrapProvider({ ...(await providerParts({ imageRoot, stateFolder })), bwrap: "bwrap" }),
});
