import type pg from "pg";
import { afterAll, afterEach, beforeAll } from "vitest";
import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { Sql } from "#platform/sql";
import { openTestDatabase, type TestDatabase } from "../../sql/test-database.ts";
import { describeHomes, describeSharedHomes } from "../ports.contract.ts";
import { createPostgresHomes } from "./postgres-homes.ts";

let database: TestDatabase;
let admin: pg.Client;
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  database = await openTestDatabase();
  admin = await database.openAdmin();
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(() => database[Symbol.asyncDispose]());

/** Advances the database's clock with respect to expiry. */
const expire = (byMs: number) =>
  admin.query("update server_nodes set expires_at = expires_at - $1::double precision * interval '1 millisecond'", [
    byMs,
  ]);

const openNode = async (address: string | null = null) => {
  const clock = createManualClock();
  const pending = new Set<Promise<unknown>>();
  const state = { isCut: false };
  const sql: Sql = {
    healthy: () => database.sql.healthy(),
    async transaction(scope, work) {
      if (state.isCut) throw new Problem("server/unavailable");
      const running = database.sql.transaction(scope, work);
      pending.add(running);
      return running.finally(() => pending.delete(running));
    },
  };
  const homes = createPostgresHomes({ sql, clock, log: silentLog, address });
  await homes.start(new AbortController().signal);
  const stop = () => homes[Symbol.asyncDispose]();
  stops.push(stop);
  const settle = async (): Promise<void> => {
    do {
      await Promise.allSettled(pending);
      await new Promise((resolve) => setImmediate(resolve));
    } while (pending.size > 0);
  };
  return { homes, clock, state, stop, settle };
};

const passOn =
  (...nodes: Awaited<ReturnType<typeof openNode>>[]) =>
  async (ms: number): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += 500) {
      for (const { clock } of nodes) clock.advance(Math.min(500, ms - passedMs));
      await expire(Math.min(500, ms - passedMs));
      for (const { settle } of nodes) await settle();
    }
  };

describeHomes("PostgreSQL", async () => {
  await admin.query("delete from server_nodes");
  const node = await openNode();
  return {
    homes: node.homes,
    async restart() {
      await expire(3_600_000);
      return (await openNode()).homes;
    },
    pass: passOn(node),
  };
});

describeSharedHomes("PostgreSQL", async () => {
  await admin.query("delete from server_nodes");
  const secondAddress = "http://second.example:4000";
  const [first, second] = [await openNode("http://first.example:4000"), await openNode(secondAddress)];
  return {
    first: first.homes,
    second: second.homes,
    secondAddress,
    cut: (isCut) => void (first.state.isCut = isCut),
    pass: passOn(first, second),
    stopSecond: second.stop,
  };
});
