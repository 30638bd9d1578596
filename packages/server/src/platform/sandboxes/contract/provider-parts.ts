/** What a provider of real sandboxes is made from in tests: init compiled from the sources here, the languages' warm-up programs. */
import { join } from "node:path";
import { silentLog } from "#kernel/log";
import { buildInit } from "../machine/build-init.ts";
import type { ProviderOptions } from "../machine/sandbox-provider.ts";

const repository = join(import.meta.dirname, "../../../../../..");

/** Everything is kept in `stateFolder`, which init is compiled into once. Rejects with the compiler's words. */
export const providerParts = async (options: {
  readonly imageRoot: string;
  readonly stateFolder: string;
}): Promise<Pick<ProviderOptions, "initPath" | "warmUpFolder" | "stateFolder" | "log">> => ({
  initPath: await buildInit({
    imageRoot: options.imageRoot,
    cacheFolder: join(options.stateFolder, "init"),
    sourceFolder: join(repository, "packages/sandbox-init"),
  }),
  warmUpFolder: join(repository, "languages"),
  stateFolder: options.stateFolder,
  log: silentLog,
});
