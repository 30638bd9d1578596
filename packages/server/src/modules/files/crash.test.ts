import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Actor } from "#kernel/actor";
import { systemClock } from "#kernel/clock";
import { createId } from "#kernel/ids";
import { silentLog } from "#kernel/log";
import type { Problem } from "#kernel/problem";
import { createVault } from "#platform/blobs";
import { createLinkTokens, createProjects } from "#projects";
import { createInProcessBus } from "../../platform/bus/adapters/in-process-bus.ts";
import { openFolderBlobStore } from "../../platform/blobs/adapters/folder-blob-store.ts";
import { createEmbeddedPostgres } from "../../platform/sql/adapters/embedded-postgres.ts";
import { createPgSql } from "../../platform/sql/adapters/pg-sql.ts";
import { findPostgresProcesses } from "../../platform/sql/adapters/postmaster.ts";
import { migrate } from "../../platform/sql/migrate.ts";
import { createAccountQuota } from "./account-quota.ts";
import { createFiles } from "./service.ts";

const FILES = 6;
const KILLS = 3;

test("[P5] after kill -9 of the database during saves every acknowledged version has its bytes", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "atelier-crash-"));
  let going = true;
  let savers: Promise<unknown> = Promise.resolve();
  const postgres = createEmbeddedPostgres({ dataDir, log: silentLog, diesWithParent: true });
  try {
    await postgres.start(new AbortController().signal);
    await migrate({ url: postgres.adminUrl, serverRole: postgres.serverRole, log: silentLog });
    await using sql = createPgSql({ url: postgres.url, log: silentLog });
    const blobs = await openFolderBlobStore(join(dataDir, "blobs"));
    const userId = createId();
    await sql.transaction({ role: "identity" }, (t) =>
      t.query("insert into users (id, kind, name) values ($1, 'guest', 'x')", [userId]),
    );
    const bus = createInProcessBus(silentLog);
    const projects = createProjects({
      sql,
      linkTokens: createLinkTokens(randomBytes(32)),
      bus,
      clock: systemClock,
      publicUrl: "http://localhost",
      mostProjects: 10,
    });
    const files = createFiles({
      sql,
      vault: createVault(randomBytes(32)),
      blobs,
      projects,
      templates: { get: async () => undefined },
      limits: { mostBytes: 1e9, mostNodes: 1_000 },
      quota: createAccountQuota({ sql, clock: systemClock, mostBytes: 1e12 }),
      bus,
    });
    const user: Actor = { userId, kind: "guest", name: "x", plan: "free", signInId: createId() };
    const { id: projectId } = await projects.createProject(user, { name: "x" });

    const acknowledged: Array<{ path: string; version: number; content: string }> = [];
    const refusals: string[] = [];
    const saveOn = async (path: string): Promise<void> => {
      await files.create(user, projectId, { path, bytes: Buffer.from("first") });
      for (let index = 0; going; index++) {
        // Every tenth is large: a blob that is on the disk before its row.
        const content = `${path} ${index} ${index % 10 === 0 ? "x".repeat(150_000) : ""}`;
        try {
          const { entry } = await files.put(user, projectId, { path, bytes: Buffer.from(content) });
          acknowledged.push({ path, version: entry.version, content });
        } catch (error) {
          refusals.push((error as Problem).code);
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
    };
    const paths = Array.from({ length: FILES }, (_, index) => `f${index}`);
    savers = Promise.all(paths.map(saveOn));
    const more = async (): Promise<void> => {
      const before = acknowledged.length;
      await expect.poll(() => acknowledged.length > before + 40, { timeout: 30_000 }).toBe(true);
    };
    for (let kill = 0; kill < KILLS; kill++) {
      await more();
      const pids = await findPostgresProcesses(join(dataDir, "postgres", "data"));
      // The postmaster first in even rounds, last in odd ones, where it notices the deaths of its workers.
      for (const pid of kill % 2 === 0 ? pids : pids.toReversed()) {
        // A worker may have ended since it was listed.
        if (!(await findPostgresProcesses(join(dataDir, "postgres", "data"))).includes(pid)) continue;
        try {
          process.kill(pid, "SIGKILL");
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
        }
      }
    }
    await more();
    going = false;
    await savers;

    expect(new Set(refusals)).toEqual(new Set(["server/unavailable"]));
    for (const path of paths) {
      const versions = (await files.history(user, projectId, path)).map(({ version }) => version);
      expect(versions.toReversed()).toEqual(versions.map((_, index) => index + 1));
    }
    let compared = 0;
    for (const { path, version, content } of acknowledged) {
      const { bytes } = await files.read(user, projectId, { path, version });
      expect(Buffer.from(bytes).toString() === content).toBe(true);
      compared++;
    }
    expect(compared).toBeGreaterThan(KILLS * 40);
  } finally {
    going = false;
    await savers;
    await postgres[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  }
}, 120_000);
