/** What a provider of real sandboxes is made from in tests: init compiled from the sources here, the languages' warm-up programs. */
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { silentLog } from "#kernel/log";
import { buildInit } from "../machine/build-init.ts";
import type { ProviderOptions } from "../machine/sandbox-provider.ts";

const repository = join(import.meta.dirname, "../../../../../..");

/** Everything is kept in `stateFolder`; init is compiled once for a run of the tests, and copied there. Rejects with the compiler's output. */
export const providerParts = async (options: {
  readonly imageRoot: string;
  readonly stateFolder: string;
}): Promise<Pick<ProviderOptions, "initPath" | "warmUpFolder" | "stateFolder" | "log">> => {
  const compiled = await buildInit({
    imageRoot: options.imageRoot,
    cacheFolder: join(tmpdir(), "atelier-init"),
    sourceFolder: join(repository, "packages/sandbox-init"),
  });
  const folder = join(options.stateFolder, "init");
  const initPath = join(folder, basename(compiled));
  mkdirSync(folder, { recursive: true });
  if (!existsSync(initPath)) copyFileSync(compiled, initPath);
  return {
    initPath,
    warmUpFolder: join(repository, "languages"),
    stateFolder: options.stateFolder,
    log: silentLog,
  };
};
