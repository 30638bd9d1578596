import { systemClock } from "#kernel/clock";
import { ExecutionSchema, LanguageListSchema, ProblemSchema, type Execution } from "@atelier/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createEdgeFixture, type EdgeFixture } from "../../platform/http/test-edge.ts";
import { createScene, helloRequest, settle, type Scene } from "./execution-fixture.ts";
import { registerExecutionHttp } from "./http.ts";
import { registerExecutionSocket } from "./socket.ts";
import { openStream } from "./stream.ts";
import { createAccessWatch } from "#platform/channels";

let edge: EdgeFixture;
let origin: string;
let scene: Scene;

beforeEach(async () => {
  edge = createEdgeFixture();
  scene = await createScene({ clock: systemClock, concurrency: 2, capacity: 3 });
  const { service, catalog, bus, clock, log } = scene;
  registerExecutionHttp(edge.server, { service, languages: () => catalog.list(true) });
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
