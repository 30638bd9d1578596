/** For tests: projects, files and live files on a real database and a real folder of blobs, with a stand-in for live documents. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Actor } from "#kernel/actor";
import { silentLog } from "#kernel/log";
import type { Edge } from "#platform/http";
import { type Files, registerFilesHttp, type StoredFile } from "#files";
import { type Projects, registerProjectsHttp } from "#projects";
import { openTestFiles, type TestFiles, type TestFilesOptions } from "../../files/test-files.ts";
import { type ContentWrite, parseWrite, registerLiveFilesHttp } from "./http.ts";
import { openFolderSpool } from "../import/adapters/folder-spool.ts";
import { type ArchiveImports, createArchiveImports } from "../import/archive-imports.ts";
import { registerImportHttp } from "../import/http.ts";
import { work } from "../materialise/materialise.ts";
import { createLiveFiles, type LiveDocuments, type LiveFiles } from "./live-files.ts";

/** Projects, files and live files as one, with content as the routes take it. */
export type TestService = Projects &
  Omit<Files, keyof LiveFiles> &
  LiveFiles & {
    createFile(actor: Actor, projectId: string, write: ContentWrite): Promise<StoredFile>;
    putFile(actor: Actor, projectId: string, write: ContentWrite): Promise<StoredFile>;
  };

export const testServiceOf = (parts: {
  readonly projects: Projects;
  readonly files: Files;
  readonly liveFiles: LiveFiles;
}): TestService => ({
  ...parts.projects,
  ...parts.files,
  ...parts.liveFiles,
  createFile: async (actor, projectId, write) =>
    parts.liveFiles.create(actor, projectId, parseWrite(`create ${projectId}`, write)),
  putFile: async (actor, projectId, write) =>
    parts.liveFiles.write(actor, projectId, parseWrite(`put ${projectId}`, write)),
});

export type TestLiveFilesOptions = TestFilesOptions & { readonly mostArchiveBytes?: number };

export type TestLiveFiles = Omit<TestFiles, "service"> & {
  readonly liveFiles: LiveFiles;
  readonly imports: ArchiveImports;
  readonly service: TestService;
  /** Calls to the live documents, in order. */
  readonly liveCalls: Array<Record<string, unknown>>;
  /** Runs within the next checkpoint call, as a document with pending edits would. */
  onCheckpoint: (projectId: string, fileId?: string) => Promise<void>;
};

export const openTestLiveFiles = async (options: TestLiveFilesOptions = {}): Promise<TestLiveFiles> => {
  const base = await openTestFiles(options);
  const { projects, files } = base;
  const liveCalls: TestLiveFiles["liveCalls"] = [];
  const documents: LiveDocuments = {
    async checkpoint(projectId, fileId) {
      liveCalls.push({ call: "checkpoint", projectId, fileId });
      await test.onCheckpoint(projectId, fileId);
    },
    async applyExternal(change) {
      liveCalls.push({ call: "applyExternal", ...change });
    },
    mergeTexts: async (_projectId, texts) => work.merge(texts).text,
  };
  const liveFiles = createLiveFiles({ projects, files, documents, log: silentLog });
  const spoolFolder = await mkdtemp(join(tmpdir(), "atelier-spool-"));
  const imports = createArchiveImports({
    projects,
    files,
    liveFiles,
    spool: await openFolderSpool(spoolFolder),
    mostArchiveBytes: options.mostArchiveBytes ?? 64 * 1024 * 1024,
    log: silentLog,
  });
  const test: TestLiveFiles = {
    ...base,
    liveFiles,
    imports,
    service: testServiceOf({ projects, files, liveFiles }),
    liveCalls,
    onCheckpoint: async () => undefined,
    async [Symbol.asyncDispose]() {
      await base[Symbol.asyncDispose]();
      await rm(spoolFolder, { recursive: true });
    },
  };
  return test;
};

/** Binds the routes of projects and files. */
export const bindTestRoutes = (edge: Edge, { projects, files, liveFiles, imports }: TestLiveFiles): void => {
  registerProjectsHttp(edge, projects);
  registerFilesHttp(edge, files);
  registerLiveFilesHttp(edge, liveFiles);
  registerImportHttp(edge, imports);
};

/** For a test file, which awaits it at its top level: the modules with two users, closed after the last test. */
export const openLiveFilesForFile = async (
  options?: TestLiveFilesOptions,
): Promise<{ readonly projects: TestLiveFiles; readonly alice: Actor; readonly bob: Actor }> => {
  const projects = await openTestLiveFiles(options);
  afterAll(() => projects[Symbol.asyncDispose](), 60_000);
  return { projects, alice: await projects.addUser("Alice"), bob: await projects.addUser("Bob") };
};
