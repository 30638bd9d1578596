import { createManualClock } from "#kernel/clock";
import { createId } from "#kernel/ids";
import { silentLog } from "#kernel/log";
import type { Execution } from "@atelier/contracts";
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../platform/sql/test-database.ts";
import { createExecutionStore } from "../execution-store.ts";
import { storedExecution } from "../execution-fixture.ts";
import { createWebhookDeliveries, MAX_TRIES, pauseAfter, type WebhookDeliveriesNeeds } from "./webhook-deliveries.ts";
import { deriveWebhookSecret } from "./webhook-signature.ts";
import { createWebhookStore } from "./webhook-store.ts";
import { createWebhookTargets } from "./webhook-target.ts";

const secretKey = Buffer.alloc(32, 7);
const NOW = Date.parse("2026-01-02T04:00:00Z");

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

type Received = {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly url: string | undefined;
};
let received: Received[];
let respond: (response: ServerResponse) => void;
let receiver: Server;
let host: string;
beforeEach(async () => {
  received = [];
  respond = (response) => void response.writeHead(204).end();
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received.push({ headers: request.headers, body, url: request.url });
      respond(response);
    });
  });
  await new Promise<void>((resolve) => void receiver.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
});
const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

const createScene = (changes: Partial<WebhookDeliveriesNeeds> = {}) => {
  const clock = createManualClock(NOW);
  const executions = createExecutionStore(database.sql);
  const store = createWebhookStore(database.sql);
  const open = () => {
    const deliveries = createWebhookDeliveries({
      store,
      targets: createWebhookTargets({ allowedHosts: [host], ownHosts: [] }),
      findExecution: (userId, id) => executions.find(userId, id),
      secretKey,
      clock,
      log: silentLog,
      metrics: { counter: () => ({ add: () => undefined }) },
      random: () => 0,
      ...changes,
    });
    opened.push(deliveries);
    return deliveries;
  };
  const run = async (change: Partial<Execution> = {}, url = `http://${host}/hook?a=1`): Promise<Execution> => {
    const queued = storedExecution({ status: "queued", ...change });
    await executions.insert(queued, { webhookUrl: url });
    return queued;
  };
  const end = async (queued: Execution, change: Partial<Execution> = {}): Promise<Execution> => {
    const ended: Execution = {
      ...queued,
      status: "succeeded",
      exitCode: 0,
      stdout: "hello\n",
      endedAt: "2026-01-02T03:05:00.000Z",
      ...change,
    };
    await executions.finish(ended);
    return ended;
  };
  const attempt = async (deliveries: ReturnType<typeof open>): Promise<void> => {
    deliveries.wake();
    await deliveries.idle();
  };
  return { clock, store, executions, open, run, end, attempt };
};

describe("deliveries of webhooks", () => {
  it("[X74] the end of an execution is posted once, signed with the account's secret", async () => {
    const scene = createScene();
    const deliveries = scene.open();
    const queued = await scene.run();
    await scene.attempt(deliveries);
    expect(received).toEqual([]);
    const ended = await scene.end(queued);
    await scene.attempt(deliveries);
    await scene.attempt(deliveries);
    expect(received).toHaveLength(1);
    const [{ headers, body, url } = { headers: {}, body: "", url: "" }] = received;
    expect(url).toBe("/hook?a=1");
    expect(headers).toMatchObject({ host, "content-type": "application/json", "webhook-id": ended.id });
    expect(headers["webhook-timestamp"]).toBe(String(NOW / 1000));
    expect(JSON.parse(body)).toEqual({ type: "execution.ended", timestamp: ended.endedAt, data: ended });
    const key = Buffer.from(deriveWebhookSecret(secretKey, ended.userId, 1).slice(6), "base64");
    const signed = createHmac("sha256", key)
      .update(`${ended.id}.${NOW / 1000}.${body}`)
      .digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${signed}`);
    expect(await scene.store.find(ended.userId, ended.id)).toMatchObject({
      state: "delivered",
      tries: 1,
      lastStatus: 204,
    });
    expect(await scene.store.find(createId(), ended.id)).toBeUndefined();
  });

  it("[X74] after a rotation both secrets sign for a day, then the new one alone", async () => {
    const scene = createScene();
    const deliveries = scene.open();
    const userId = createId();
    expect(await scene.store.rotate(userId, new Date(NOW + 1000))).toBe(2);
    await scene.end(await scene.run({ userId }));
    await scene.attempt(deliveries);
    scene.clock.advance(1001);
    await scene.end(await scene.run({ userId }));
    await scene.attempt(deliveries);
    const counts = received.map(({ headers }) => String(headers["webhook-signature"]).split(" ").length);
    expect(counts).toEqual([2, 1]);
  });

  it("[X74] large output is left out", async () => {
    const scene = createScene();
    await scene.end(await scene.run(), { stdout: "x".repeat(65_537) });
    await scene.attempt(scene.open());
    expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({ data: { stdout: "", stderr: "", truncated: true } });
  });

  it("[X77] what fails is tried again after growing pauses, and given up after the last try", async () => {
    respond = (response) => void response.writeHead(503).end();
    const scene = createScene();
    const deliveries = scene.open();
    const ended = await scene.end(await scene.run());
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      await scene.attempt(deliveries);
      expect(received).toHaveLength(tries);
      scene.clock.advance(pauseAfter(tries, 0) - 1);
      await scene.attempt(deliveries);
      expect(received).toHaveLength(tries);
      scene.clock.advance(1);
    }
    await scene.attempt(deliveries);
    expect(received).toHaveLength(MAX_TRIES);
    expect(new Set(received.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set([ended.id]));
    expect(await scene.store.find(ended.userId, ended.id)).toMatchObject({
      state: "failed",
      tries: MAX_TRIES,
      lastStatus: 503,
      nextAt: null,
    });
  });

  it("[X77] pauses grow up to 3 hours and are shortened at random by up to half", () => {
    expect([1, 2, 3, 4, 5, 6, 7].map((tries) => pauseAfter(tries, 0) / 1000)).toEqual([
      10, 40, 160, 640, 2560, 10_240, 10_800,
    ]);
    expect(pauseAfter(1, 0.999)).toBeGreaterThanOrEqual(5000);
    expect(pauseAfter(1, 0.5)).toBe(7500);
  });

  it("[X77] a restart goes on, and an attempt whose node died is taken again", async () => {
    const scene = createScene();
    const ended = await scene.end(await scene.run());
    // A node that took the delivery and died.
    const taken = await scene.store.take({
      now: new Date(NOW),
      limit: 9,
      perUser: 9,
      except: [],
      lostAt: new Date(NOW + 60_000),
    });
    expect(taken.map(({ executionId }) => executionId)).toEqual([ended.id]);
    const deliveries = scene.open();
    await scene.attempt(deliveries);
    expect(received).toEqual([]);
    scene.clock.advance(60_000);
    await deliveries.start?.(new AbortController().signal);
    await deliveries.idle();
    expect(received).toHaveLength(1);
    expect(await scene.store.find(ended.userId, ended.id)).toMatchObject({ state: "delivered", tries: 2 });
  });

  it("[X77] a stopped node leaves its attempt to the next one", async () => {
    const arrived = Promise.withResolvers<void>();
    respond = () => arrived.resolve();
    const scene = createScene();
    const first = scene.open();
    const ended = await scene.end(await scene.run());
    const admin = await database.openAdmin();
    await admin.query("update webhook_deliveries set tries = $2 where execution_id = $1", [ended.id, MAX_TRIES - 1]);
    first.wake();
    await arrived.promise;
    await first[Symbol.asyncDispose]();
    expect(await scene.store.find(ended.userId, ended.id)).toMatchObject({ state: "pending", tries: MAX_TRIES });
    respond = (response) => void response.writeHead(200).end();
    scene.clock.advance(60_000);
    await scene.attempt(scene.open());
    expect(received).toHaveLength(2);
  });

  it("[X78] redirects are not followed, and 410 ends the deliveries at once", async () => {
    const scene = createScene();
    const deliveries = scene.open();
    respond = (response) => void response.writeHead(302, { location: `http://${host}/elsewhere` }).end();
    const redirected = await scene.end(await scene.run());
    await scene.attempt(deliveries);
    expect(received.map(({ url }) => url)).toEqual(["/hook?a=1"]);
    expect(await scene.store.find(redirected.userId, redirected.id)).toMatchObject({
      state: "pending",
      lastStatus: 302,
    });
    respond = (response) => void response.writeHead(410).end();
    const gone = await scene.end(await scene.run());
    await scene.attempt(deliveries);
    expect(await scene.store.find(gone.userId, gone.id)).toMatchObject({ state: "failed", tries: 1, lastStatus: 410 });
  });

  it("[X78] of the response no more than the status is read", async () => {
    const closed = Promise.withResolvers<void>();
    respond = (response) => {
      response.writeHead(200);
      const write = (): void => void (response.write("x".repeat(65_536)) && setImmediate(write));
      response.on("close", () => closed.resolve());
      response.on("drain", write);
      write();
    };
    const scene = createScene();
    const ended = await scene.end(await scene.run());
    await scene.attempt(scene.open());
    await closed.promise;
    expect(await scene.store.find(ended.userId, ended.id)).toMatchObject({ state: "delivered" });
  });

  it("[X75] a private address is given up at once, and nothing is sent", async () => {
    const scene = createScene({ targets: createWebhookTargets({ allowedHosts: [], ownHosts: [] }) });
    const ended = await scene.end(await scene.run());
    await scene.attempt(scene.open());
    expect(received).toEqual([]);
    expect(await scene.store.find(ended.userId, ended.id)).toMatchObject({
      state: "failed",
      tries: 1,
      lastStatus: null,
    });
  });

  it("[X75] the connection goes to the checked address, and the name is in the Host header", async () => {
    const scene = createScene({ targets: { addressOf: async () => "127.0.0.1" } });
    await scene.end(await scene.run({}, `http://hooks.invalid:${host.split(":")[1]}/`));
    await scene.attempt(scene.open());
    expect(received.map(({ headers }) => headers.host)).toEqual([`hooks.invalid:${host.split(":")[1]}`]);
  });

  it("[X79] a starter who may not see the execution any more is told nothing", async () => {
    const scene = createScene({ findExecution: async () => undefined });
    const ended = await scene.end(await scene.run());
    await scene.attempt(scene.open());
    expect(received).toEqual([]);
    expect(await scene.store.find(ended.userId, ended.id)).toMatchObject({ state: "failed" });
  });

  it("[X79] a user whose receiver hangs has four attempts at once, and others' go on", async () => {
    const scene = createScene();
    const deliveries = scene.open();
    const slow = createId();
    const hanging: ServerResponse[] = [];
    respond = (response) => void hanging.push(response);
    for (let i = 0; i < 6; i += 1) await scene.end(await scene.run({ userId: slow }));
    deliveries.wake();
    while (hanging.length < 4) await new Promise((resolve) => setImmediate(resolve));
    respond = (response) => void response.writeHead(200).end();
    const other = await scene.end(await scene.run());
    deliveries.wake();
    while ((await scene.store.find(other.userId, other.id))?.state !== "delivered") {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(received).toHaveLength(5);
    for (const response of hanging) response.writeHead(200).end();
    await deliveries.idle();
    expect(received).toHaveLength(7);
  });

  it("[X74] goes with its execution", async () => {
    const scene = createScene();
    const ended = await scene.end(await scene.run());
    const admin = await database.openAdmin();
    await database.sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query("delete from executions where id = $1 returning id", [ended.id]),
    );
    const { rows } = await admin.query("select 1 from webhook_deliveries where execution_id = $1", [ended.id]);
    expect(rows).toEqual([]);
  });
});
