/** Receives a run's new and changed files from its sandbox, one after the other, and checks everything that the sandbox sends. */
import { encodeFrame } from "#platform/sandboxes";
import { parsePath } from "@atelier/contracts/path";
import { createHash } from "node:crypto";
import type { NotCollected, SandboxCollect, SandboxCollected } from "./ports.ts";
import { type ListedEntry, type SandboxFrame, toSandbox } from "./run-frames.ts";

export type CollectionOptions = {
  readonly send: (frame: Uint8Array) => void;
  readonly collect: SandboxCollect;
  /** Path -> SHA-256 of the files of the project when the run began. */
  readonly known: ReadonlyMap<string, string>;
  /** Called when all files are listed and memory for them is reserved: they come from now on. */
  readonly fetching?: () => void;
  /** Called once, when the collection ends or is stopped, with the files received until then. */
  readonly done: (collected: readonly SandboxCollected[]) => void;
};

export interface Collection {
  frame(frame: Extract<SandboxFrame, { kind: "listed" | "fetched" }>): void;
  /** Stops: files that are still missing are reported as skipped. */
  stop(): void;
}

type Listed = {
  /** In Unicode NFC, as the project has it. */
  readonly path: string;
  /** As in the sandbox's file system. */
  readonly raw: Uint8Array;
  readonly size: number;
  readonly isFile: boolean;
};

/** At most so many skipped files are named. */
const MOST_SKIPPED = 100;
const MOST_LISTED = 10_000;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes UTF-8; undefined when it is invalid. */
const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
};

const isWithin = (path: string): boolean => path !== "" && !path.startsWith("/") && !path.split("/").includes("..");

const readable = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).slice(0, 1024);

/** Requests the list of files at once. */
export const startCollection = ({ send, collect, known, fetching, done }: CollectionOptions): Collection => {
  const listed = new Map<string, Listed>();
  const result: SandboxCollected[] = [];
  let queue: Listed[] = [];
  let current: Listed | undefined;
  /** Made with its first bytes, of its listed size: a file is never in memory twice. */
  let content: Uint8Array<ArrayBuffer> | undefined;
  let currentBytes = 0;
  let takenFiles = 0;
  let takenBytes = 0;
  let skippedCount = 0;
  let state: "listing" | "reserving" | "fetching" | "done" = "listing";

  const skip = ({ path, size }: Pick<Listed, "path" | "size">, skipped: NotCollected): void => {
    skippedCount += 1;
    if (skippedCount <= MOST_SKIPPED) result.push({ path, size, skipped });
  };

  const finish = (): void => {
    if (state === "done") return;
    state = "done";
    content = undefined;
    done(result.toSorted((a, b) => (a.path < b.path ? -1 : 1)));
  };

  const fetchNext = (): void => {
    for (;;) {
      current = queue.shift();
      if (current === undefined) return finish();
      if (takenFiles >= collect.maxFiles) skip(current, "too-many");
      else if (current.size > collect.maxBytes - takenBytes) skip(current, "too-large");
      else break;
    }
    content = undefined;
    currentBytes = 0;
    const most = Buffer.alloc(4);
    most.writeUInt32LE(current.size);
    send(encodeFrame(toSandbox.fetch, most, current.raw));
  };

  const add = ({ isFile, fault, size, path: raw }: ListedEntry): void => {
    const parsed = parsePath(textOf(raw) ?? "");
    const shown = parsed.ok ? parsed.path : readable(raw);
    if (!isWithin(shown) || !collect.wants(shown)) return;
    if (fault !== undefined) skip({ path: shown, size }, fault);
    else if (!parsed.ok || listed.has(parsed.path)) skip({ path: shown, size }, "name");
    else if (listed.size >= MOST_LISTED) skip({ path: shown, size }, "too-many");
    else listed.set(parsed.path, { path: parsed.path, raw: Uint8Array.from(raw), size, isFile });
  };

  const fetchAll = (): void => {
    state = "fetching";
    fetching?.();
    fetchNext();
  };

  const begin = (): void => {
    state = "reserving";
    queue = [...listed.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
    for (const other of queue.filter(({ isFile }) => !isFile)) skip(other, "not-a-file");
    queue = queue.filter(({ isFile }) => isFile);
    const wantedBytes = queue.reduce((sum, { size }) => Math.min(collect.maxBytes, sum + size), 0);
    if (collect.reserve === undefined || wantedBytes === 0) return fetchAll();
    void collect.reserve(wantedBytes).then((isThere) => {
      if (state !== "reserving") return;
      if (isThere) fetchAll();
      else stop();
    });
  };

  const fetched = (bytes: Uint8Array): void => {
    if (current === undefined) return;
    if (bytes.byteLength > 0) {
      // After a frame that was not requested, all further frames of the sandbox are ignored.
      if (currentBytes + bytes.byteLength > current.size) return stop();
      content ??= new Uint8Array(current.size);
      content.set(bytes, currentBytes);
      currentBytes += bytes.byteLength;
      return;
    }
    const whole = content ?? new Uint8Array(0);
    if (currentBytes < current.size) skip(current, "unreadable");
    else if (known.get(current.path) !== createHash("sha256").update(whole).digest("hex")) {
      takenFiles += 1;
      takenBytes += currentBytes;
      result.push({ path: current.path, bytes: whole });
    }
    fetchNext();
  };

  const stop = (): void => {
    if (state === "done") return;
    for (const waiting of [...(current === undefined ? [] : [current]), ...queue]) skip(waiting, "out-of-time");
    finish();
  };

  send(encodeFrame(toSandbox.list));
  return {
    frame(frame) {
      if (state === "listing" && frame.kind === "listed") {
        if (frame.entry === undefined) begin();
        else add(frame.entry);
      } else if (state === "fetching" && frame.kind === "fetched") {
        fetched(frame.bytes);
      }
    },
    stop,
  };
};
