/** For tests: projects and their files on a real database and a real folder of blobs, with a stand-in for live documents. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Actor } from "#kernel/actor";
import { silentLog } from "#kernel/log";
import { createVault, type BlobStore } from "#platform/blobs";
import type { Edge } from "#platform/http";
import { registerProjectsHttp } from "#projects";
import { openFolderBlobStore } from "../../platform/blobs/adapters/folder-blob-store.ts";
import { openTestProjects, type TestProjects, type TestProjectsOptions } from "../projects/test-projects.ts";
import { createAccountQuota } from "./account-quota.ts";
import { type ContentWrite, parseWrite, registerContentHttp } from "./content-http.ts";
import type { StoredFile } from "./file-reads.ts";
import { registerFilesHttp } from "./http.ts";
import { createLiveFiles, type LiveDocuments, type LiveFiles } from "./live-files.ts";
import type { Templates } from "./ports.ts";
import { createFiles, type Files } from "./service.ts";

/** Projects, files and live files as one, with content as the routes take it. */
export type TestService = TestProjects["service"] &
  Omit<Files, keyof LiveFiles> &
  LiveFiles & {
    createFile(actor: Actor, projectId: string, write: ContentWrite): Promise<StoredFile>;
    putFile(actor: Actor, projectId: string, write: ContentWrite): Promise<StoredFile>;
  };

export const testServiceOf = (parts: {
  readonly projects: TestProjects["service"];
  readonly files: Files;
  readonly liveFiles: LiveFiles;
}): TestService => ({
  ...parts.projects,
  ...parts.files,
  ...parts.liveFiles,
  createFile: (actor, projectId, write) =>
    parts.liveFiles.create(actor, projectId, parseWrite(`create ${projectId}`, write)),
  putFile: (actor, projectId, write) => parts.liveFiles.write(actor, projectId, parseWrite(`put ${projectId}`, write)),
});

export type TestFiles = Omit<TestProjects, "service"> & {
  readonly blobs: BlobStore;
  readonly files: Files;
  readonly liveFiles: LiveFiles;
  readonly service: TestService;
  /** Calls to the live documents, in order. */
  readonly liveCalls: Array<Record<string, unknown>>;
  /** Runs within the next checkpoint call, as a document with pending edits would. */
  onCheckpoint: (projectId: string, fileId?: string) => Promise<void>;
};

export type TestFilesOptions = TestProjectsOptions & {
  readonly limits?: { readonly mostBytes: number; readonly mostNodes: number };
  readonly mostAccountBytes?: number;
};

const templates: Templates = {
  get: async (id) => (id === "python" ? [{ path: "main.py", bytes: Buffer.from("print('hello')\n") }] : undefined),
};

export const openTestFiles = async (options: TestFilesOptions = {}): Promise<TestFiles> => {
  const base = await openTestProjects(options);
  const { sql, clock, service: projects, bus } = base;
  const folder = await mkdtemp(join(tmpdir(), "atelier-files-"));
  const blobs = await openFolderBlobStore(folder);
  const liveCalls: TestFiles["liveCalls"] = [];
  const documents: LiveDocuments = {
    async checkpoint(projectId, fileId) {
      liveCalls.push({ call: "checkpoint", projectId, fileId });
      await test.onCheckpoint(projectId, fileId);
    },
    merge: ({ base: original, current, changed }) => `${changed} merged into ${current} from ${original}`,
    async applyExternal(change) {
      liveCalls.push({ call: "applyExternal", ...change });
    },
  };
  const files = createFiles({
    sql,
    vault: createVault(randomBytes(32)),
    blobs,
    projects,
    templates,
    limits: options.limits ?? { mostBytes: 500 * 1024 * 1024, mostNodes: 50_000 },
    quota: createAccountQuota({ sql, clock, mostBytes: options.mostAccountBytes ?? 1e12 }),
    bus,
  });
  const liveFiles = createLiveFiles({ projects, files, documents, log: silentLog });
  const test: TestFiles = {
    ...base,
    blobs,
    files,
    liveFiles,
    service: testServiceOf({ projects, files, liveFiles }),
    liveCalls,
    onCheckpoint: async () => undefined,
    async [Symbol.asyncDispose]() {
      await base[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return test;
};

/** Binds the routes of projects and files. */
export const bindTestRoutes = (edge: Edge, { service, files, liveFiles }: TestFiles): void => {
  registerProjectsHttp(edge, service);
  registerFilesHttp(edge, files);
  registerContentHttp(edge, liveFiles);
};

/** For a test file, which awaits it at its top level: the modules with two users, closed after the last test. */
export const openFilesForFile = async (
  options?: TestFilesOptions,
): Promise<{ readonly projects: TestFiles; readonly alice: Actor; readonly bob: Actor }> => {
  const projects = await openTestFiles(options);
  afterAll(() => projects[Symbol.asyncDispose](), 60_000);
  return { projects, alice: await projects.addUser("Alice"), bob: await projects.addUser("Bob") };
};
