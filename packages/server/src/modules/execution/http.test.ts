import { systemClock } from "#kernel/clock";
import { Problem } from "#kernel/problem";
import {
  type ExecutionBatch,
  ExecutionBatchSchema,
  ExecutionSchema,
  LanguageListSchema,
  ProblemSchema,
  type Execution,
} from "@atelier/contracts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { createEdgeFixture, type EdgeFixture } from "../../platform/http/test-edge.ts";
import { createScene, helloRequest, settle, type Scene } from "./execution-fixture.ts";
import { registerExecutionHttp } from "./http.ts";
import { registerExecutionSocket } from "./socket.ts";
import { openStream } from "./stream.ts";
import { createAccessWatch } from "#platform/channels";

const noWebhooks = {
  check: async () => undefined,
  wake: () => undefined,
  find: () => Promise.reject(new Problem("execution/no-such-webhook")),
  secretOf: async () => "whsec_one",
  rotateSecret: async () => "whsec_two",
};

let edge: EdgeFixture;
let origin: string;
let scene: Scene;

beforeEach(async () => {
  edge = createEdgeFixture();
  scene = await createScene({ clock: systemClock, concurrency: 2, capacity: 3 });
  const { service, catalog, bus, clock, log } = scene;
  registerExecutionHttp(edge.server, { service, webhooks: noWebhooks, log, languages: () => catalog.list(true) });
  registerExecutionSocket(edge.server, {
    openStream: (call) =>
      void openStream(call, { service, watch: createAccessWatch({ bus, log }), relay: () => false, clock, log }),
  });
  origin = await edge.listen();
});
afterEach(async () => {
  await scene.service.close();
  await scene.pool[Symbol.asyncDispose]();
  await edge[Symbol.asyncDispose]();
});

const ask = (path: string, options: { method?: string; body?: unknown; as?: string; signal?: AbortSignal } = {}) =>
  fetch(`${origin}${path}`, {
    method: options.method ?? "GET",
    headers: { authorization: `Bearer token-of-${options.as ?? "alice"}`, "content-type": "application/json" },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });

const start = async (body: unknown = helloRequest): Promise<Execution> => {
  const answer = await ask("/api/executions", { method: "POST", body });
  expect(answer.status).toBe(202);
  return ExecutionSchema.parse(await answer.json());
};

describe("the routes of executions", () => {
  it.each(["/api/executions", "/executions"])("POST %s answers 202 with what GET then gives", async (path) => {
    const answer = await ask(path, { method: "POST", body: helloRequest });
    expect(answer.status).toBe(202);
    const { id, status } = ExecutionSchema.parse(await answer.json());
    expect(["queued", "preparing"]).toContain(status);
    expect(ExecutionSchema.parse(await (await ask(`/api/executions/${id}`)).json()).id).toBe(id);
    expect((await ask(`/api/executions/${id}`, { as: "bob" })).status).toBe(404);
    expect(edge.audited).toContainEqual(expect.objectContaining({ action: "execution.start", target: id }));
  });

  it("wait=true answers 200 once it ended, with its output", async () => {
    scene.provider.onRun = (run) => {
      run.stage("run");
      run.output("stdout", "hello");
      run.end({ kind: "exited", exitCode: 0 });
    };
    const answer = await ask("/api/executions?wait=true", { method: "POST", body: helloRequest });
    expect(answer.status).toBe(200);
    expect(ExecutionSchema.parse(await answer.json())).toMatchObject({ status: "succeeded", stdout: "hello" });
  });

  it("[X12] a waiting caller that leaves ends the run", async () => {
    const leaving = new AbortController();
    const asked = ask("/api/executions?wait=true", { method: "POST", body: helloRequest, signal: leaving.signal });
    const left = Promise.allSettled([asked]);
    while (scene.provider.runs.length === 0) await settle();
    leaving.abort();
    expect((await left)[0].status).toBe("rejected");
    while (scene.registry.unended().length > 0) await settle();
    expect([...scene.store.rows.values()].map(({ status }) => status)).toEqual(["cancelled"]);
  });

  it("[X4] a full queue is 429 with Retry-After", async () => {
    for (let i = 0; i < 5; i += 1) await start();
    const answer = await ask("/api/executions", { method: "POST", body: helloRequest });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(ProblemSchema.parse(await answer.json()).code).toBe("execution/queue-full");
  });

  it.each([
    [{ limits: { wallMs: "30" } }, "request/invalid"],
    [{ limits: { wallMs: -1 } }, "request/invalid"],
    [{ limits: { memoryBytes: 1e99 } }, "request/invalid"],
    [{ limits: { wallMs: 30_001 } }, "execution/limit-too-high"],
    [{ limits: { memoryBytes: 6 * 1024 * 1024 } }, "execution/limit-too-high"],
    [{ compileLimits: { memoryBytes: 16 * 1024 * 1024 - 1 } }, "execution/limit-too-high"],
    [{ limits: { cores: 2 } }, "request/invalid"],
    [{ args: ["a\0b"] }, "request/invalid"],
    [{ args: "a" }, "request/invalid"],
    [{ entryPoint: "../main.py" }, "request/invalid"],
    [{ projectId: "00000000-0000-7000-8000-00000000abcd" }, "request/invalid"],
    [{ userId: "me" }, "request/invalid"],
    [{ language: "__proto__" }, "execution/no-such-language"],
  ])("[X2] %j is refused with %s", async (change, code) => {
    const answer = await ask("/api/executions", { method: "POST", body: { ...helloRequest, ...change } });
    expect(answer.status).toBe(400);
    expect(ProblemSchema.parse(await answer.json()).code).toBe(code);
  });

  const post = (path: string, body: unknown, key?: string) =>
    fetch(`${origin}${path}`, {
      method: "POST",
      headers: {
        authorization: "Bearer token-of-alice",
        "content-type": "application/json",
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      body: JSON.stringify(body),
    });

  describe("batches", () => {
    it("[X84] each item is admitted or refused on its own, in order", async () => {
      const items = [
        helloRequest,
        { ...helloRequest, language: "klingon" },
        { language: "python" },
        "no object",
        { ...helloRequest, limits: { wallMs: 99_999_999 } },
        helloRequest,
      ];
      const answer = await post("/api/executions/batch", { items });
      expect(answer.status).toBe(202);
      const body = ExecutionBatchSchema.parse(await answer.json());
      const told = body.items.map((item) => ("execution" in item ? item.execution.language : item.problem.code));
      expect(told).toEqual([
        "python",
        "execution/no-such-language",
        "request/invalid",
        "request/invalid",
        "execution/limit-too-high",
        "python",
      ]);
      expect(body.items[2]).toMatchObject({
        problem: { faults: [{ at: "body.items.2.projectId" }, { at: "body.items.2.configuration" }] },
      });
      const started = body.items.flatMap((item) => ("execution" in item ? [item.execution.id] : []));
      expect(new Set(started).size).toBe(2);
      expect([...scene.store.rows.keys()]).toEqual(started);
      expect(edge.audited).toContainEqual(
        expect.objectContaining({ action: "execution.start", target: started.join(" ") }),
      );
      // Nobody can type into them.
      while (scene.provider.runs.length < 2) await settle();
      for (const run of scene.provider.runs) run.stage("run");
      await settle();
      expect(scene.provider.runs.map(({ events }) => events)).toEqual([["stdin-end"], ["stdin-end"]]);
    });

    it("[X84] what does not fit into the queue has its problem and when to try again", async () => {
      const answer = await post("/api/executions/batch", { items: Array(8).fill(helloRequest) });
      const { items } = ExecutionBatchSchema.parse(await answer.json());
      expect(items.map((item) => "execution" in item)).toEqual([...Array(5).fill(true), ...Array(3).fill(false)]);
      expect(items[5]).toMatchObject({ problem: { code: "execution/queue-full", status: 429 }, retryAfterSeconds: 2 });
    });

    it.each([[{ items: [] }], [{ items: Array(101).fill(helloRequest) }], [{ items: helloRequest }], [{}]])(
      "[X84] a batch of no items, or of more than 100, is refused as a whole",
      async (body) => {
        expect((await post("/api/executions/batch", body)).status).toBe(400);
        expect(scene.store.rows.size).toBe(0);
      },
    );

    it("[X84] each item counts in the rate limit of runs", async () => {
      const limited = createEdgeFixture({ points: 3 });
      registerExecutionHttp(limited.server, {
        service: scene.service,
        webhooks: noWebhooks,
        log: scene.log,
        languages: () => [],
      });
      origin = await limited.listen();
      const { items } = ExecutionBatchSchema.parse(
        await (await post("/api/executions/batch", { items: Array(5).fill(helloRequest) })).json(),
      );
      await limited[Symbol.asyncDispose]();
      expect(items.map((item) => ("execution" in item ? "run" : item.problem.code))).toEqual([
        ...Array(3).fill("run"),
        ...Array(2).fill("request/rate-limited"),
      ]);
    });
  });

  describe("[X85] with an Idempotency-Key", () => {
    const idOf = async (answer: Response): Promise<string> => ExecutionSchema.parse(await answer.json()).id;

    it("a repeated request gets the execution of the first, also at the same time", async () => {
      const ids = await Promise.all(
        Array.from({ length: 5 }, async () => idOf(await post("/api/executions", helloRequest, "one"))),
      );
      ids.push(await idOf(await post("/api/executions", helloRequest, "one")));
      expect(new Set(ids).size).toBe(1);
      expect([...scene.store.rows.keys()]).toEqual([ids[0]]);
      await vi.waitFor(() => expect(scene.provider.runs).toHaveLength(1));
      await vi.waitFor(() => expect(scene.admission.running + scene.admission.waiting).toBe(1));
      expect(scene.registry.unended()).toHaveLength(1);
      expect(await idOf(await post("/api/executions", helloRequest, "two"))).not.toBe(ids[0]);
    });

    it("another request with the key is refused, and a refused one is judged again", async () => {
      const klingon = { ...helloRequest, language: "klingon" };
      expect((await post("/api/executions", klingon, "one")).status).toBe(400);
      expect((await post("/api/executions", helloRequest, "one")).status).toBe(202);
      const answer = await post("/api/executions", { ...helloRequest, args: ["x"] }, "one");
      expect(answer.status).toBe(422);
      expect(ProblemSchema.parse(await answer.json()).code).toBe("projects/idempotency-mismatch");
      expect((await post("/api/executions/batch", { items: [helloRequest] }, "a key")).status).toBe(400);
    });

    it("a caller who waits and loses the connection does not end the run, and gets its result by asking again", async () => {
      const leaving = new AbortController();
      const left = Promise.allSettled([
        fetch(`${origin}/api/executions?wait=true`, {
          method: "POST",
          headers: {
            authorization: "Bearer token-of-alice",
            "content-type": "application/json",
            "idempotency-key": "one",
          },
          body: JSON.stringify(helloRequest),
          signal: leaving.signal,
        }),
      ]);
      while (scene.provider.runs.length === 0) await settle();
      leaving.abort();
      await left;
      const again = post("/api/executions?wait=true", helloRequest, "one");
      await settle();
      scene.provider.runs[0]?.stage("run");
      scene.provider.runs[0]?.output("stdout", "hello");
      scene.provider.runs[0]?.end({ kind: "exited", exitCode: 0 });
      const answer = await again;
      expect(answer.status).toBe(200);
      expect(ExecutionSchema.parse(await answer.json())).toMatchObject({ status: "succeeded", stdout: "hello" });
      expect(scene.provider.runs).toHaveLength(1);
    });

    it("a repeated batch has the same executions, and judges what was refused again", async () => {
      const body = { items: [...Array(6).fill(helloRequest)] };
      const first = ExecutionBatchSchema.parse(await (await post("/api/executions/batch", body, "one")).json());
      expect(first.items.map((item) => "execution" in item)).toEqual([...Array(5).fill(true), false]);
      await vi.waitFor(() => expect(scene.provider.runs.length).toBeGreaterThan(0));
      scene.provider.runs[0]?.end({ kind: "exited", exitCode: 0 });
      await vi.waitFor(() => expect(scene.admission.waiting).toBeLessThan(3));
      const again = ExecutionBatchSchema.parse(await (await post("/api/executions/batch", body, "one")).json());
      const idsOf = ({ items }: ExecutionBatch) =>
        items.map((item) => ("execution" in item ? item.execution.id : item.problem.code));
      expect(idsOf(again).slice(0, 5)).toEqual(idsOf(first).slice(0, 5));
      expect(again.items[5]).toHaveProperty("execution");
      const other = await post("/api/executions/batch", { items: [helloRequest] }, "one");
      expect(other.status).toBe(422);
    });
  });

  it("[X74] a webhook's URL is checked before anything runs, and the end wakes the deliveries", async () => {
    const webhookUrl = "https://hooks.example/";
    scene.webhooks.refused = new Problem("execution/webhook-refused");
    expect((await post("/api/executions", { ...helloRequest, webhookUrl })).status).toBe(400);
    expect((await post("/api/executions", { ...helloRequest, webhookUrl: "ftp://a.example/" })).status).toBe(400);
    expect([scene.store.rows.size, scene.admission.waiting]).toEqual([0, 0]);
    scene.webhooks.refused = undefined;
    scene.provider.onRun = (run) => run.end({ kind: "exited", exitCode: 0 });
    const answer = await post("/api/executions", { ...helloRequest, webhookUrl });
    expect(ExecutionSchema.parse(await answer.json())).not.toHaveProperty("webhookUrl");
    await vi.waitFor(() => expect(scene.webhooks.woken).toBe(1));
    expect(scene.store.webhookUrls).toEqual([webhookUrl]);
    expect((await post("/api/executions?wait=true", helloRequest)).status).toBe(200);
    expect(scene.webhooks.woken).toBe(1);
  });

  it("DELETE stops, and an unknown one is 404", async () => {
    const { id } = await start();
    const answer = await ask(`/api/executions/${id}`, { method: "DELETE" });
    expect(answer.status).toBe(200);
    expect(ExecutionSchema.parse(await answer.json()).status).toBe("cancelled");
    expect((await ask("/api/executions/no-id", { method: "DELETE" })).status).toBe(404);
    expect((await ask("/api/executions/00000000-0000-7000-8000-000000000000")).status).toBe(404);
  });

  it("languages need no sign-in", async () => {
    const languages = LanguageListSchema.parse(await (await fetch(`${origin}/api/languages`)).json());
    expect(languages.slice(0, 3).map(({ id }) => id)).toEqual(["python", "javascript", "typescript"]);
    expect(languages[0]).toMatchObject({ version: "3.13.5", ready: true, extensions: [".py"] });
    expect(languages[0]?.sample.content).toContain("input(");
  });

  it("the stream is reached with a token in the query, by both forms of the path", async () => {
    const { id } = await start();
    for (const prefix of ["/api", ""]) {
      const socket = new WebSocket(
        `${origin.replace("http", "ws")}${prefix}/executions/${id}/stream?token=token-of-alice`,
      );
      const first = await new Promise<string>((resolve, reject) => {
        socket.once("message", (data: Buffer) => resolve(data.toString()));
        socket.once("error", reject);
      });
      expect(JSON.parse(first)).toMatchObject({ type: "status", execution: { id } });
      socket.close();
    }
  });
});
