import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { CLOSE } from "@atelier/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { systemClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { Problem } from "#kernel/problem";
import { createVault } from "#platform/blobs";
import { createPresenceColors } from "#projects";
import { createNodes, noLinks } from "#platform/links";
import { createInProcessHomes } from "../../platform/homes/adapters/in-process-homes.ts";
import { createSequenceFences } from "../../platform/homes/adapters/sequence-fences.ts";
import { createPrometheusMetrics } from "../../platform/metrics/adapters/prometheus-metrics.ts";
import { actorNamed, createEdgeFixture, type EdgeFixture } from "../../platform/http/test-edge.ts";
import { openTestFiles, type TestFiles } from "../files/test-files.ts";
import { createLiveFiles, type LiveDocuments } from "./live-files/live-files.ts";
import { type TestService, testServiceOf } from "./live-files/test-live-files.ts";
import { createDocumentStorage } from "./document/document-storage.ts";
import { createPostgresDocumentLog } from "./log/adapters/postgres-document-log.ts";
import { createSnapshots } from "./snapshot/snapshots.ts";
import { createCollaboration, type Collaboration } from "./collaboration.ts";
import { registerCollaborationSocket } from "./socket.ts";
import { until } from "./test-collaboration.ts";
import { SocketClient } from "./test-socket-client.ts";

const [alice, bob] = [actorNamed("alice"), actorNamed("bob")];
let base: TestFiles;
let projects: TestService;
let collaboration: Collaboration;
let edge: EdgeFixture;
let origin: string;
/** Documents are notified of versions only after this resolves. */
let mergesMayStart: Promise<void> = Promise.resolve();
/** Documents are written into their files only after this resolves. */
let checkpointsMayStart: Promise<void> = Promise.resolve();

beforeAll(async () => {
  base = await openTestFiles();
  for (const actor of [alice, bob])
    await base.admin.query("insert into users (id, kind, name) values ($1, 'guest', $2)", [actor.userId, actor.name]);
  const { sql } = base.database;
  const live: LiveDocuments = {
    checkpoint: (...what) => collaboration.liveDocuments.checkpoint(...what),
    mergeTexts: (...given) => collaboration.liveDocuments.mergeTexts(...given),
    applyExternal: async (change) => {
      await mergesMayStart;
      await collaboration.liveDocuments.applyExternal(change);
    },
  };
  const { files } = base;
  const liveFiles = createLiveFiles({ projects: base.projects, files, documents: live, log: silentLog });
  projects = testServiceOf({ projects: base.projects, files, liveFiles });
  collaboration = createCollaboration({
    storage: createDocumentStorage({
      sql,
      log: createPostgresDocumentLog(sql),
      snapshots: createSnapshots({
        sql,
        vault: createVault(randomBytes(32)),
        blobs: base.blobs,
        onDamaged: () => undefined,
      }),
    }),
    projects: base.projects,
    files: {
      readStored: (...given) => files.readStored(...given),
      async saveCheckpoint(save) {
        await checkpointsMayStart;
        return files.saveCheckpoint(save);
      },
    },
    rechecks: { watch: () => () => undefined },
    homes: createInProcessHomes({ fences: createSequenceFences(sql), clock: systemClock }),
    nodes: createNodes({ links: noLinks, clock: systemClock, log: silentLog }),
    bus: base.bus,
    colors: createPresenceColors(),
    audit: { record: () => undefined },
    cpu: { charge: () => undefined },
    metrics: createPrometheusMetrics(),
    clock: systemClock,
    log: silentLog,
    times: { checkpointIdleMs: 40, checkpointMaxMs: 150 },
  });
  edge = createEdgeFixture();
  registerCollaborationSocket(edge.server, collaboration);
  origin = await edge.listen();
  await collaboration.start(new AbortController().signal);
}, 60_000);
afterAll(async () => {
  await collaboration[Symbol.asyncDispose]();
  await edge[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
}, 60_000);

const join = async (projectId: string, fileId: string, user = "alice"): Promise<SocketClient> => {
  const socket = new WebSocket(
    `${origin.replace("http", "ws")}/api/collaborate/${projectId}/${fileId}?v=1&token=token-of-${user}`,
  );
  const client = new SocketClient(socket);
  await once(socket, "open");
  return client;
};
const openProject = async (content: string) => {
  const { id: projectId } = await projects.createProject(alice, { name: "p" });
  const { entry } = await projects.createFile(alice, projectId, { path: "a.txt", content });
  const read = async () => Buffer.from((await projects.read(alice, projectId, { path: "a.txt" })).bytes).toString();
  return { projectId, fileId: entry.id, read };
};

describe("live documents of real projects", () => {
  it("[P33] what a program wrote into an open file is merged with what was typed since", async () => {
    const { projectId, fileId, read } = await openProject("one\ntwo\n");
    const client = await join(projectId, fileId);
    await until(() => client.isSynced);
    client.insert(0, "typed\n");
    await until(() => client.saved === client.sent);
    const file = { path: "a.txt", bytes: Buffer.from("one\ntwo\nwritten\n"), basedOn: 1 };
    await projects.writeMerged(alice, projectId, file);
    await until(() => client.text === "typed\none\ntwo\nwritten\n");
    expect(await read()).toBe("typed\none\ntwo\nwritten\n");
  });

  it("[C59] a save of an open file does not wait for its document, and the next reader gets it", async () => {
    const { projectId, fileId, read } = await openProject("one\n");
    const client = await join(projectId, fileId);
    await until(() => client.isSynced);
    const [merging, saved] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    mergesMayStart = merging.promise;
    checkpointsMayStart = saved.promise;
    try {
      client.insert(0, "typed\n");
      await until(() => client.saved === client.sent);
      // A save based on a version with the typed text would remove that text.
      await projects.putFile(alice, projectId, { path: "a.txt", content: "one\nsaved\n" });
      saved.resolve(undefined);
      // The document was not notified: the checkpoint of the typed text conflicts with the saved version.
      expect(await read()).toBe("typed\none\nsaved\n");
      await projects.putFile(bob, projectId, { path: "a.txt", content: "no" }).then(
        () => expect.unreachable("bob may not save"),
        () => undefined,
      );
      await projects.putFile(alice, projectId, { path: "a.txt", content: "two\n" });
      expect(await read()).toBe("two\n");
    } finally {
      merging.resolve(undefined);
      saved.resolve(undefined);
      mergesMayStart = Promise.resolve();
      checkpointsMayStart = Promise.resolve();
    }
    await until(() => client.text === "two\n", "the document to follow");
    expect(await read()).toBe("two\n");
  });

  it("[C59] reading right after a save never gives an older text, while somebody types and many save", async () => {
    const { projectId, fileId, read } = await openProject("\n");
    const client = await join(projectId, fileId);
    await until(() => client.isSynced);
    for (let n = 0; n < 25; n += 1) {
      client.insert(client.text.length, `typed ${n}\n`);
      const saves = [0, 1, 2].map((part) =>
        projects.putFile(alice, projectId, { path: "a.txt", content: `saved ${n}.${part}\n` }),
      );
      const newest = (await Promise.all(saves)).toSorted((a, b) => a.entry.version - b.entry.version).at(-1);
      const saved = Buffer.from(newest?.bytes ?? [])
        .toString()
        .trim();
      expect(await read()).toContain(saved);
    }
    await until(() => client.saved === client.sent);
    const text = await read();
    await until(() => client.text === text, "the document to be as the file");
  }, 30_000);

  it("[C6] reading an open file returns the typed text at once, and as a version", async () => {
    const { projectId, fileId, read } = await openProject("one\n");
    const client = await join(projectId, fileId);
    await until(() => client.isSynced);
    client.insert(4, "two\n");
    await until(() => client.saved === client.sent);
    expect(await read()).toBe("one\ntwo\n");
    const [newest] = await projects.history(alice, projectId, "a.txt");
    expect(newest).toMatchObject({ version: 2, author: { id: alice.userId } });
    expect(Buffer.from((await projects.readAll(alice, projectId, { maxBytes: 1e6 }))[0]?.bytes ?? []).toString()).toBe(
      "one\ntwo\n",
    );
  });

  it("[C35] PUT bytes are exactly a version, and typing that was under way is in the next one", async () => {
    const { projectId, fileId, read } = await openProject("top\n\nbottom\n");
    const client = await join(projectId, fileId);
    await until(() => client.isSynced);
    /** Based on the version that was read: a checkpoint may come in between, and a write based on that one would remove its text. */
    const putOverSeen = async (round: number): Promise<void> => {
      for (let tries = 0; ; tries += 1) {
        const { entry, bytes } = await projects.read(alice, projectId, { path: "a.txt" });
        if (tries === 0) client.insert(client.text.length - 1, `.${round}`);
        const content = Buffer.from(bytes).toString().replace("top", `top+${round}`);
        try {
          const saved = await projects.putFile(alice, projectId, { path: "a.txt", content, version: entry.version });
          expect(Buffer.from(saved.bytes).toString()).toBe(content);
          return;
        } catch (error) {
          if (!(error instanceof Problem) || error.code !== "projects/version-conflict") throw error;
        }
      }
    };
    for (let round = 0; round < 15; round += 1) {
      await putOverSeen(round);
      await until(() => client.text.startsWith(`top+${round}`), "the write to arrive");
    }
    await until(() => client.saved === client.sent);
    const pluses = Array.from({ length: 15 }, (_, n) => `+${14 - n}`).join("");
    const dots = Array.from({ length: 15 }, (_, n) => `.${n}`).join("");
    expect(client.text).toBe(`top${pluses}\n\nbottom${dots}\n`);
    expect(await read()).toBe(client.text);
  });

  it("[C16] the connections of a removed member are closed at once", async () => {
    const { projectId, fileId } = await openProject("x");
    const link = await projects.createLink(alice, projectId, { role: "editor" });
    await projects.acceptLink(bob, link.token ?? "");
    const client = await join(projectId, fileId, "bob");
    await until(() => client.isSynced);
    expect(client.facts[0]).toMatchObject({ role: "editor", readOnly: false });
    await projects.putMember(alice, projectId, { userId: bob.userId, role: "viewer" });
    await until(() => client.facts.at(-1)?.readOnly === true);
    await projects.deleteMember(alice, projectId, bob.userId);
    await until(() => client.closeCode !== undefined);
    expect(client.closeCode).toBe(CLOSE.rightsTaken);
    const again = await join(projectId, fileId, "bob");
    await until(() => again.closeCode !== undefined);
    expect(again.closeCode).toBe(CLOSE.notFound);
  });

  it("[C17] deleting an open file closes its sockets; moving it keeps them", async () => {
    const { projectId, fileId } = await openProject("x");
    const client = await join(projectId, fileId);
    await until(() => client.isSynced);
    await projects.move(alice, projectId, { from: "a.txt", to: "folder/b.txt" });
    client.insert(1, "y");
    await until(() => client.saved === client.sent);
    expect(collaboration.sessions(projectId).documents[0]?.path).toBe("folder/b.txt");
    await projects.remove(alice, projectId, { path: "folder/b.txt", recursive: false });
    await until(() => client.closeCode !== undefined);
    expect(client.closeCode).toBe(CLOSE.notFound);
  });

  it("[C16] a project in the bin closes its connections for everybody", async () => {
    const { projectId, fileId } = await openProject("x");
    const client = await join(projectId, fileId);
    await until(() => client.isSynced);
    await projects.deleteProject(alice, projectId);
    await until(() => client.closeCode !== undefined);
    expect([CLOSE.rightsTaken, CLOSE.notFound]).toContain(client.closeCode);
  });
});
