/** A run as data: what is kept of it between its admission and its sandbox. It could be sent to another process as it is. */
import type { Actor } from "#kernel/actor";
import type { SandboxBuild, SandboxCommand } from "./run/ports.ts";

/** Where the content of a file is: a version of a project's file, or this server's memory, where the request contained it. */
export type FileReference =
  | { readonly at: "project"; readonly projectId: string; readonly fileId: string; readonly version: number }
  | { readonly at: "request" };

export type JobFile = {
  readonly path: string;
  /** SHA-256 of the content, hex. */
  readonly hash: string;
  /** Bytes of the content. */
  readonly size: number;
  readonly executable: boolean;
  readonly ref: FileReference;
};

export type RunJob = {
  readonly executionId: string;
  readonly userId: string;
  readonly files: readonly JobFile[];
  /** argv, environment and limits of each stage. */
  readonly compile?: SandboxBuild;
  readonly run: SandboxCommand;
  /** Globs of the files that come back. */
  readonly collect?: readonly string[];
  /** Where they are stored, for whom, and which versions the run saw. */
  readonly keep?: {
    readonly actor: Actor;
    readonly projectId: string;
    readonly fileVersions: Readonly<Record<string, number>>;
  };
};
