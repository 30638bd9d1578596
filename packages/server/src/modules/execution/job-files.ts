/** The contents of runs' files between admission and sandbox: a request's are kept, a project's are read again by reference where the cache has lost them. */
import type { Files } from "#files";
import { createHash } from "node:crypto";
import { createTransferBudget, type TransferBudgetLimits } from "./transfer-budget.ts";
import { createContentCache } from "./content-cache.ts";
import { SMALL_PROGRAM_BYTES } from "./file-budget.ts";
import type { SandboxFile } from "./run/ports.ts";
import type { FileReference, JobFile, RunJob } from "./run-job.ts";

/** The files of one run, in memory until they are released. */
export type LoadedFiles = {
  readonly files: readonly SandboxFile[];
  /** Called when the sandbox has them. Idempotent. */
  readonly release: () => void;
};

export interface JobFiles {
  /**
   * Called at admission with the contents that were read, in the order of the files. What a request brought is kept until `forget`.
   */
  add(executionId: string, files: readonly JobFile[], contents: readonly Uint8Array[]): void;
  /** Waits for memory, in order of arrival. @throws Error when a content is not there any more, or is another one. */
  load(job: RunJob): Promise<LoadedFiles>;
  forget(executionId: string): void;
  /** Bytes of contents that are kept or cached. */
  readonly storedBytes: number;
}

const MIB = 1_048_576;
const CACHE_BYTES = 64 * MIB;
/** For files on their way into sandboxes; small programs need not wait. */
const LOADING: TransferBudgetLimits = { totalBytes: 256 * MIB, userBytes: 128 * MIB };

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export const createJobFiles = (stored: Pick<Files, "readPinned">, cacheBytes = CACHE_BYTES): JobFiles => {
  const cache = createContentCache(cacheBytes);
  const kept = new Map<string, ReadonlyMap<string, Uint8Array>>();
  const budget = createTransferBudget(LOADING);

  const readAgain = async (ref: FileReference): Promise<Uint8Array | undefined> =>
    ref.at === "request" ? undefined : stored.readPinned(ref.projectId, ref.fileId, ref.version);

  const contentOf = async (executionId: string, { path, hash, ref }: JobFile): Promise<Uint8Array> => {
    const found = kept.get(executionId)?.get(hash) ?? cache.get(hash);
    if (found !== undefined) return found;
    const bytes = await readAgain(ref);
    if (bytes === undefined || sha256(bytes) !== hash) throw new Error(`the content of ${path} is not there any more`);
    cache.put(hash, bytes);
    return bytes;
  };

  return {
    add(executionId, files, contents) {
      const own = new Map<string, Uint8Array>();
      for (const [at, { hash, ref }] of files.entries()) {
        const content = contents[at];
        if (content === undefined) throw new Error("a file without its content");
        if (ref.at === "request") own.set(hash, content);
        else cache.put(hash, content);
      }
      if (own.size > 0) kept.set(executionId, own);
    },
    async load({ executionId, userId, files }) {
      const bytes = files.reduce((sum, file) => sum + file.size, 0);
      const part = budget.of(userId);
      if (bytes > SMALL_PROGRAM_BYTES) await part.reserve(bytes);
      const loaded: SandboxFile[] = [];
      try {
        for (const file of files) {
          const { path, hash, executable } = file;
          loaded.push({ path, hash, executable, bytes: await contentOf(executionId, file) });
        }
      } catch (error) {
        part.release();
        throw error;
      }
      return {
        files: loaded,
        release() {
          loaded.length = 0;
          part.release();
        },
      };
    },
    forget: (executionId) => void kept.delete(executionId),
    get storedBytes() {
      const own = [...kept.values()].flatMap((contents) => [...contents.values()]);
      return cache.bytes + own.reduce((sum, { byteLength }) => sum + byteLength, 0);
    },
  };
};
