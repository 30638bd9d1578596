/** For tests: projects and their files at rest on a real database and a real folder of blobs. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Encoding, Entry } from "@atelier/contracts";
import { afterAll } from "vitest";
import type { Actor } from "#kernel/actor";
import { createVault, type BlobStore } from "#platform/blobs";
import type { Projects } from "#projects";
import { openFolderBlobStore } from "../../platform/blobs/adapters/folder-blob-store.ts";
import { openTestProjects, type TestProjects, type TestProjectsOptions } from "../projects/test-projects.ts";
import { createAccountQuota } from "./account-quota.ts";
import type { Templates } from "./ports.ts";
import { createFiles, type Files } from "./service.ts";

export type TestWrite = {
  readonly path: string;
  readonly content: string;
  readonly encoding?: Encoding;
  readonly version?: number;
  readonly idempotencyKey?: string;
};

/** The services of projects and files as one object, with text as content. */
export type TestService = Projects &
  Files & {
    createFile(actor: Actor, projectId: string, write: TestWrite): Promise<{ readonly entry: Entry }>;
    putFile(actor: Actor, projectId: string, write: TestWrite): Promise<{ readonly entry: Entry }>;
  };

export type TestFiles = Omit<TestProjects, "service"> & {
  readonly blobs: BlobStore;
  readonly projects: Projects;
  readonly files: Files;
  readonly service: TestService;
};

export type TestFilesOptions = TestProjectsOptions & {
  readonly limits?: { readonly mostBytes: number; readonly mostNodes: number };
  readonly mostAccountBytes?: number;
};

const templates: Templates = {
  get: async (id) => (id === "python" ? [{ path: "main.py", bytes: Buffer.from("print('hello')\n") }] : undefined),
};

const parseTestWrite = (write: TestWrite) => {
  const { path, content, encoding, version, idempotencyKey: key } = write;
  const requestHash = createHash("sha256").update(JSON.stringify(write)).digest();
  const replay = key === undefined ? undefined : { key, requestHash };
  return { path, bytes: Buffer.from(content, encoding === "base64" ? "base64" : "utf8"), expected: version, replay };
};

export const openTestFiles = async (options: TestFilesOptions = {}): Promise<TestFiles> => {
  const base = await openTestProjects(options);
  const { sql, clock, service: projects, bus } = base;
  const folder = await mkdtemp(join(tmpdir(), "atelier-files-"));
  const blobs = await openFolderBlobStore(folder);
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
  return {
    ...base,
    blobs,
    projects,
    files,
    service: {
      ...projects,
      ...files,
      createFile: async (actor, projectId, write) => ({
        entry: await files.create(actor, projectId, parseTestWrite(write)),
      }),
      putFile: (actor, projectId, write) => files.put(actor, projectId, parseTestWrite(write)),
    },
    async [Symbol.asyncDispose]() {
      await base[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** For a test file, which awaits it at its top level: the modules with two users, closed after the last test. */
export const openFilesForFile = async (
  options?: TestFilesOptions,
): Promise<{ readonly projects: TestFiles; readonly alice: Actor; readonly bob: Actor }> => {
  const projects = await openTestFiles(options);
  afterAll(() => projects[Symbol.asyncDispose](), 60_000);
  return { projects, alice: await projects.addUser("Alice"), bob: await projects.addUser("Bob") };
};
