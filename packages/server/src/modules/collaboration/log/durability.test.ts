import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as Y from "yjs";
import type { Sql } from "#platform/sql";
import { openTestCollaboration, until, type TestCollaboration } from "../test-collaboration.ts";

let fixture: TestCollaboration;
beforeAll(async () => {
  fixture = await openTestCollaboration();
}, 60_000);
afterAll(() => fixture[Symbol.asyncDispose](), 60_000);

const rowsOf = <Row extends object>(text: string, fileId: string): Promise<Row[]> =>
  fixture.database.sql.transaction({ role: "jobs" }, (transaction) => transaction.query<Row>(text, [fileId]));

/** Lets appends fail while `isDown`. */
const breakableLog =
  (state: { isDown: boolean }) =>
  (sql: Sql): Sql => ({
    ...sql,
    healthy: () => sql.healthy(),
    transaction: (scope, work) => {
      if (state.isDown && scope.role === "log") return Promise.reject(new Error("planted"));
      return sql.transaction(scope, work);
    },
  });

describe("acknowledged edits are durable", () => {
  it("[C2] racing first opens make one logged seed", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("seed\n");
    const clients = Array.from({ length: 12 }, () => server.join(fileId));
    await until(() => clients.every((client) => client.provider.synced));
    expect(clients.map((client) => client.text())).toEqual(clients.map(() => "seed\n"));
    const log = await rowsOf<{ kind: string }>("select kind from document_log where file_id = $1", fileId);
    expect(log).toEqual([{ kind: "seed" }]);
    await server.stop();
  });

  it("[C5] every acknowledged edit survives a crash, and the client sends the others again", async () => {
    const state = { isDown: false };
    const fileId = await fixture.files.add("");
    const first = await fixture.serve({ wrapSql: breakableLog(state) });
    const typist = await first.speak(fileId);
    await until(() => typist.isSynced);
    for (let n = 0; n < 200; n += 1) typist.insert(typist.text.length, `${n},`);
    await until(() => typist.saved === typist.sent, "all to be saved");
    const saved = typist.text;
    state.isDown = true;
    typist.insert(0, "unsaved,");
    await until(() => typist.durability.at(-1) === false);
    expect(typist.saved).toBe(typist.sent - 1);
    await first.crash();
    expect(fixture.files.version(fileId)).toBe(1);

    const second = await fixture.serve();
    const stranger = await second.speak(fileId);
    await until(() => stranger.isSynced);
    expect(stranger.text).toBe(saved);
    const back = second.join(fileId, { doc: typist.doc });
    await until(() => stranger.text === `unsaved,${saved}`, "what the first client held");
    back.provider.destroy();
    await second.stop();
    expect(fixture.files.text(fileId)).toBe(`unsaved,${saved}`);
  });

  it("[C6] reading a file after a crash returns also the edits that were in no version", async () => {
    const fileId = await fixture.files.add("old");
    const first = await fixture.serve();
    const typist = await first.speak(fileId);
    await until(() => typist.isSynced);
    typist.insert(3, " and new");
    await until(() => typist.saved === typist.sent);
    await first.crash();
    expect(fixture.files.text(fileId)).toBe("old");
    const second = await fixture.serve();
    await second.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
    expect(fixture.files.text(fileId)).toBe("old and new");
    expect(fixture.files.saves.at(-1)?.editorIds).toEqual([fixture.files.ownerId]);
    await second.stop();
  });

  it("[C7] a version whose outcome was not logged because of a crash is recognised as the document's own", async () => {
    const fileId = await fixture.files.add("base\n");
    const first = await fixture.serve();
    const typist = await first.speak(fileId);
    await until(() => typist.isSynced);
    typist.insert(5, "typed\n");
    await until(() => typist.saved === typist.sent);
    const { saveCheckpoint } = fixture.files.atRest;
    fixture.files.atRest.saveCheckpoint = async (save) => {
      await saveCheckpoint(save);
      throw new Error("planted: the answer got lost");
    };
    await expect(first.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId)).rejects.toThrow();
    fixture.files.atRest.saveCheckpoint = saveCheckpoint;
    typist.insert(0, "more\n");
    await until(() => typist.saved === typist.sent);
    await first.crash();
    expect(fixture.files.text(fileId)).toBe("base\ntyped\n");
    const second = await fixture.serve();
    const reader = await second.speak(fileId);
    await until(() => reader.isSynced);
    expect(reader.text).toBe("more\nbase\ntyped\n");
    await second.stop();
    expect(fixture.files.text(fileId)).toBe("more\nbase\ntyped\n");
  });

  it("[C8] while the log is down edits are relayed and unconfirmed, then confirmed when it is back", async () => {
    const state = { isDown: false };
    const server = await fixture.serve({ wrapSql: breakableLog(state) });
    const fileId = await fixture.files.add("x");
    const one = await server.speak(fileId);
    const two = await server.speak(fileId);
    await until(() => one.isSynced && two.isSynced && one.saved === one.sent);
    state.isDown = true;
    one.insert(1, "y");
    await until(() => two.text === "xy" && one.durability.at(-1) === false && two.durability.at(-1) === false);
    const before = one.saved;
    one.insert(2, "z");
    await until(() => two.text === "xyz");
    expect(one.saved).toBe(before);
    await expect(server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId)).rejects.toThrow();
    state.isDown = false;
    await until(() => one.saved === one.sent && one.durability.at(-1) === true, "the log to be back");
    await server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
    expect(fixture.files.text(fileId)).toBe("xyz");
    await server.stop();
  });

  it("[C9] with too many unconfirmed bytes the document becomes read-only, with the reason; refused updates are requested again", async () => {
    const state = { isDown: false };
    const server = await fixture.serve({ wrapSql: breakableLog(state) });
    const fileId = await fixture.files.add("");
    const one = await server.speak(fileId);
    await until(() => one.isSynced && one.saved === one.sent);
    state.isDown = true;
    const chunk = "a".repeat(1024 * 1024);
    for (let n = 0; n < 5; n += 1) one.insert(0, chunk);
    await until(() => one.facts.at(-1)?.reason === "log-unavailable", "read-only");
    one.insert(0, "refused for now");
    await one.roundTrip();
    state.isDown = false;
    await until(() => one.facts.at(-1)?.readOnly === false && one.saved === one.sent, "recovery");
    const reader = await server.speak(fileId);
    await until(() => reader.isSynced);
    expect(reader.text).toBe(one.text);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe(one.text);
  });

  it("[C10] instead of a snapshot with a wrong checksum the one before it and the log are read", async () => {
    const fileId = await fixture.files.add("0");
    for (const text of ["1", "2", "3"]) {
      const server = await fixture.serve();
      const client = await server.speak(fileId);
      await until(() => client.isSynced);
      client.insert(client.text.length, text);
      await until(() => client.saved === client.sent);
      await server.stop();
    }
    const snapshots = await rowsOf<{ key: string }>(
      "select storage_key as key from document_snapshots where file_id = $1 order by sequence desc",
      fileId,
    );
    expect(snapshots).toHaveLength(2);
    await fixture.damage(snapshots[0]?.key ?? "");
    const server = await fixture.serve();
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    expect(client.text).toBe("0123");
    expect(server.corrupt).toHaveLength(1);
    await server.stop();
  });

  it.each([
    ["damaged", (key: string) => fixture.damage(key)],
    ["gone", (key: string) => fixture.blobs.delete(key)],
  ])(
    "[C10] [C64] after a crash with the newest snapshot %s, the one before and the log have it all",
    async (_how, harm) => {
      const fileId = await fixture.files.add("");
      const newest = async (): Promise<string[]> =>
        (
          await rowsOf<{ key: string }>(
            "select storage_key as key from document_snapshots where file_id = $1 order by sequence desc",
            fileId,
          )
        ).map(({ key }) => key);
      // No checkpoint: what is lost here is in no version either.
      const times = { snapshotMs: 30, checkpointIdleMs: 1e9, checkpointMaxMs: 1e9 };
      const first = await fixture.serve({ times });
      const typist = await first.speak(fileId);
      await until(() => typist.isSynced);
      const seen = new Set<string>();
      for (let n = 0; seen.size < 3; n += 1) {
        typist.insert(typist.text.length, `${n},`);
        await until(() => typist.saved === typist.sent);
        for (const key of await newest()) seen.add(key);
      }
      typist.insert(0, "at last,");
      await until(() => typist.saved === typist.sent);
      await first.crash();
      // A snapshot that was under way would be newer than the damaged one.
      await first.collaboration.idle();
      const [damaged, ...before] = await newest();
      expect(before).toHaveLength(1);
      expect(await fixture.blobs.has([...seen][0] ?? "")).toBe(false);
      await harm(damaged ?? "");

      const second = await fixture.serve();
      const reader = await second.speak(fileId);
      await until(() => reader.isSynced);
      expect(reader.facts[0]?.generation).toBe(1);
      expect(reader.text).toBe(typist.text);
      expect(second.corrupt).toHaveLength(1);
      await second.stop();
      expect(fixture.files.text(fileId)).toBe(typist.text);
      expect(fixture.files.saves.at(-1)?.editorIds).toEqual([fixture.files.ownerId]);
    },
  );

  it("[C64] a snapshot on the disk is encrypted", async () => {
    const fileId = await fixture.files.add("");
    const server = await fixture.serve();
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    client.insert(0, "a secret that is repeated, ".repeat(100));
    await until(() => client.saved === client.sent);
    await server.stop();
    const [row] = await rowsOf<{ key: string; bytes: string }>(
      "select storage_key as key, bytes from document_snapshots where file_id = $1",
      fileId,
    );
    const sealed = Buffer.from((await fixture.blobs.get(row?.key ?? "")) ?? []);
    expect(sealed.byteLength).toBe(Number(row?.bytes));
    expect(sealed.byteLength).toBeGreaterThan(50);
    expect(sealed.byteLength).toBeLessThan(500);
    expect(sealed.includes("secret")).toBe(false);
  });

  it("[C11] a replaced owner's appends are refused and its clients closed with 1012", async () => {
    const fileId = await fixture.files.add("mine");
    const first = await fixture.serve();
    const stale = await first.speak(fileId);
    await until(() => stale.isSynced);
    // The second process has homes of its own, as after a partition.
    const second = await fixture.serve();
    const fresh = await second.speak(fileId);
    await until(() => fresh.isSynced);
    stale.insert(0, "lost? ");
    await until(() => stale.closeCode === 1012, "the stale owner to give up");
    fresh.insert(4, "!");
    await until(() => fresh.saved === fresh.sent);
    const kinds = await rowsOf<{ kind: string }>(
      "select kind from document_log where file_id = $1 and kind <> 'checkpoint' order by sequence",
      fileId,
    );
    expect(kinds.map((row) => row.kind)).toEqual(["seed", "edit"]);
    await second.stop();
    await first.stop();
    expect(fixture.files.text(fileId)).toBe("mine!");
  });

  it("[C12] a commit whose answer was lost is not written twice", async () => {
    const state = { isLost: false };
    const server = await fixture.serve({
      wrapSql: (sql) => ({
        ...sql,
        healthy: () => sql.healthy(),
        transaction: async (scope, work) => {
          const result = await sql.transaction(scope, work);
          if (state.isLost && scope.role === "log") {
            state.isLost = false;
            throw new Error("planted: the answer got lost");
          }
          return result;
        },
      }),
    });
    const fileId = await fixture.files.add("");
    const client = await server.speak(fileId);
    await until(() => client.isSynced && client.saved === client.sent);
    state.isLost = true;
    client.insert(0, "a");
    client.insert(1, "b");
    await until(() => client.saved === client.sent, "the retry");
    const log = await rowsOf<{ sequence: string }>(
      "select sequence from document_log where file_id = $1 order by sequence",
      fileId,
    );
    expect(log.map((row) => Number(row.sequence))).toEqual([1, 2, 3]);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("ab");
  });

  it("[C13] the log, the version and all clients have the same text after seeded random editing by several clients", async () => {
    const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return Math.floor((state / 0x7fffffff) * below);
    };
    const server = await fixture.serve({ times: { checkpointIdleMs: 40, checkpointMaxMs: 200, snapshotMs: 150 } });
    const fileId = await fixture.files.add("start\n");
    const clients = Array.from({ length: 6 }, () => server.join(fileId));
    await until(() => clients.every((client) => client.provider.synced));
    for (let step = 0; step < 400; step += 1) {
      const client = clients[random(clients.length)];
      if (client === undefined) continue;
      const { length } = client.text();
      if (random(30) === 0) client.provider.disconnect();
      if (random(10) === 0) client.provider.connect();
      if (length > 0 && random(3) === 0) client.type(random(length), "", 1);
      else client.type(random(length + 1), String.fromCodePoint(97 + random(26), 0x1f600 + random(20)));
      if (random(4) === 0) await new Promise((resolve) => setTimeout(resolve, random(6)));
    }
    for (const client of clients) client.provider.connect();
    const [one] = clients;
    await until(
      () => clients.every((client) => client.provider.synced && client.text() === one?.text()),
      `convergence with SEED=${seed}`,
    );
    await server.crash();
    const again = await fixture.serve();
    const reader = await again.speak(fileId);
    await until(() => reader.isSynced);
    // The crash may have come before the last updates were logged; the clients still have them.
    const back = again.join(fileId, { doc: one?.doc ?? new Y.Doc() });
    await until(() => reader.text === back.text(), `the same text after the crash with SEED=${seed}`);
    await again.stop();
    expect(fixture.files.text(fileId)).toBe(one?.text());
  }, 30_000);
});
