/** The edge from a client's side: parsing of requests, refusals, and their responses. */
import { Problem } from "#kernel/problem";
import { type ProblemBody, ProblemSchema, routes } from "@atelier/contracts";
import { request as rawRequest } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEdgeFixture } from "./test-edge.ts";

const edge = createEdgeFixture();
let origin = "";
let seenBodies: unknown[] = [];

const PROJECT = "01900000-0000-7000-8000-000000000001";
const alice = { authorization: "Bearer token-of-alice" };
const json = { ...alice, "content-type": "application/json" };

const problemOf = async (answer: Response): Promise<ProblemBody> => {
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  return ProblemSchema.parse(await answer.json());
};

/** Sends exactly this path: fetch would normalise it. */
const rawGet = (path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    rawRequest(origin, { path, headers }, (answer) => {
      let body = "";
      answer.on("data", (chunk: Buffer) => (body += chunk.toString()));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    })
      .on("error", reject)
      .end();
  });

beforeAll(async () => {
  edge.server.bind(routes.languages, async () => ({ status: 200 as const, body: [] }));
  edge.server.bind(routes.ticket, async () => ({ status: 201 as const, body: { ticket: "t" } }));
  edge.server.bind(routes.createProject, async ({ body }) => {
    seenBodies.push(body);
    throw new Problem("projects/no-such-template", "none here");
  });
  edge.server.bind(routes.putSettings, async ({ body }) => {
    seenBodies.push(body);
    return { status: 200 as const, body };
  });
  edge.server.bind(routes.getProject, async () => {
    throw new Error("a secret of the database: pg://admin:hunter2@db");
  });
  edge.server.bind(routes.readFile, async ({ query }) => {
    throw new Problem("projects/no-such-file", query.path);
  });
  edge.server.bind(routes.deleteProject, async () => ({
    status: 204 as const,
    body: undefined,
    audit: { target: "the whole project" },
  }));
  edge.server.bind(routes.acceptLink, async () => {
    throw new Error("planted");
  });
  edge.server.bind(routes.me, async () => ({ status: 200 as const, body: { id: "not a user" } as never }));
  origin = await edge.listen();
});
afterAll(() => edge[Symbol.asyncDispose]());

const post = (path: string, body: string | Buffer, headers: Record<string, string> = json): Promise<Response> =>
  fetch(`${origin}${path}`, { method: "POST", body: typeof body === "string" ? body : new Uint8Array(body), headers });
const put = (body: string): Promise<Response> =>
  fetch(`${origin}/api/me/settings`, { method: "PUT", body, headers: json });

describe("problems", () => {
  it("answers an unknown address with a 404 problem, for every Accept header", async () => {
    for (const accept of ["application/json", "text/html", "*/*"]) {
      const answer = await fetch(`${origin}/api/nothing`, { headers: { accept } });
      expect(answer.status).toBe(404);
      expect((await problemOf(answer)).code).toBe("request/not-found");
    }
    const other = await fetch(`${origin}/favicon.ico`);
    expect((await problemOf(other)).code).toBe("request/not-found");
  });

  it("answers another method with 405 and Allow", async () => {
    const answer = await fetch(`${origin}/api/languages`, { method: "DELETE" });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("GET");
    expect((await problemOf(answer)).code).toBe("request/method-not-allowed");
  });

  it("sends only a request id after an internal error, and logs the details", async () => {
    const answer = await fetch(`${origin}/api/projects/${PROJECT}?password=hunter3`, { headers: alice });
    expect(answer.status).toBe(500);
    const shown = await answer.clone().text();
    expect(shown).not.toMatch(/hunter|secret|database/u);
    const problem = await problemOf(answer);
    expect(problem.code).toBe("server/internal");
    expect(answer.headers.get("x-request-id")).toBe(problem.requestId);
    const line = edge.logged.find((text) => text.includes(problem.requestId) && text.includes("http.failed"));
    expect(line).toContain("a secret of the database");
    expect(edge.logged.join("\n")).not.toContain("hunter3");
  });

  it("logs no token of a share link, also after an internal error", async () => {
    const answer = await fetch(`${origin}/api/links/a-secret-link/accept`, { method: "POST", headers: alice });
    expect(answer.status).toBe(500);
    const log = edge.logged.join("\n");
    expect(log).toContain(`"operation":"acceptLink"`);
    expect(log).not.toContain("a-secret-link");
  });

  it("refuses a response that does not match its schema", async () => {
    const answer = await fetch(`${origin}/api/me`, { headers: alice });
    expect((await problemOf(answer)).code).toBe("server/internal");
    expect(edge.logged.some((line) => line.includes("me answered 200 with a body that does not fit"))).toBe(true);
  });

  it("sends the detail of a problem", async () => {
    const answer = await post("/api/projects", `{"name":"x"}`);
    expect(await problemOf(answer)).toMatchObject({
      code: "projects/no-such-template",
      detail: "none here",
      retryable: false,
    });
  });
});

describe("access", () => {
  it("requires a sign-in, and refuses an invalid token", async () => {
    const nobody = await fetch(`${origin}/api/tickets`, { method: "POST" });
    expect(nobody.status).toBe(401);
    expect((await problemOf(nobody)).code).toBe("identity/sign-in-required");
    for (const authorization of ["Bearer wrong", "Basic YTpi", "Bearer", "Bearer a b"]) {
      const answer = await fetch(`${origin}/api/tickets`, { method: "POST", headers: { authorization } });
      expect((await problemOf(answer)).code, authorization).toBe("identity/token-invalid");
    }
  });

  it("answers the original routes from the same table", async () => {
    const answer = await fetch(`${origin}/projects/${PROJECT}/files?path=a.txt`, { headers: alice });
    expect(await problemOf(answer)).toMatchObject({ code: "projects/no-such-file", detail: "a.txt" });
    const guarded = await fetch(`${origin}/projects/${PROJECT}/files?path=a.txt`);
    expect(guarded.status).toBe(401);
    expect((await fetch(`${origin}/languages`)).status).toBe(404);
  });

  it("audits only operations that succeeded", async () => {
    const before = edge.audited.length;
    await fetch(`${origin}/api/projects/${PROJECT}`, { method: "DELETE", headers: alice });
    await fetch(`${origin}/api/projects/${PROJECT}`, { method: "DELETE" });
    expect(edge.audited.slice(before)).toHaveLength(1);
    expect(edge.audited.at(-1)).toMatchObject({
      action: "project.delete",
      projectId: PROJECT,
      target: "the whole project",
      address: "127.0.0.1",
    });
  });
});

describe("bodies", () => {
  const refused: [string, string, string][] = [
    ["an unknown field", `{"name":"x","ownerId":"y"}`, "request/invalid"],
    ["a wrong type", `{"name":7}`, "request/invalid"],
    ["no body", "", "request/invalid"],
    ["half a body", `{"name":`, "request/invalid"],
    ["__proto__", `{"name":"x","__proto__":{"admin":true}}`, "request/invalid"],
    ["__proto__ in escapes", String.raw`{"name":"x","\u005f_proto__":{"admin":true}}`, "request/invalid"],
    ["a control character in a name", String.raw`{"name":"a\r\nset-cookie: x=1"}`, "request/invalid"],
    ["an array", "[]", "request/invalid"],
  ];
  it.each(refused)("refuses %s", async (_what, body, code) => {
    seenBodies = [];
    const answer = await post("/api/projects", body);
    expect(answer.status).toBe(400);
    expect((await problemOf(answer)).code).toBe(code);
    expect(seenBodies).toEqual([]);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it("uses the last of duplicate keys", async () => {
    seenBodies = [];
    await post("/api/projects", `{"name":"a","name":"b"}`);
    expect(seenBodies).toEqual([{ name: "b" }]);
  });

  it("refuses JSON nested 100,000 deep without a stack overflow", async () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect((await put(`{"a":${deep}}`)).status).toBe(400);
    const objects = `{"a":`.repeat(100_000) + "1" + "}".repeat(100_000);
    expect((await put(objects)).status).toBe(400);
    expect((await put(`{"a":{"b":[1,{"c":"__proto__"}]}}`)).status).toBe(200);
  });

  it("refuses a body above the route's limit, announced or not", async () => {
    const big = Buffer.alloc(2_000_000, 0x20);
    const answer = await post("/api/projects", big);
    expect(answer.status).toBe(413);
    expect((await problemOf(answer)).code).toBe("request/too-large");
    const chunked = await fetch(`${origin}/api/projects`, {
      method: "POST",
      headers: json,
      body: new ReadableStream({
        start(controller) {
          for (let at = 0; at < 40; at += 1) controller.enqueue(new Uint8Array(100_000).fill(0x20));
          controller.close();
        },
      }),
      duplex: "half",
    });
    expect(chunked.status).toBe(413);
  });

  it("refuses other content types and broken UTF-8", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/json5",
      "multipart/form-data",
    ]) {
      const answer = await post("/api/projects", `{"name":"x"}`, { ...alice, "content-type": type });
      expect(answer.status, type).toBe(415);
      expect((await problemOf(answer)).code).toBe("request/unsupported-media-type");
    }
    const broken = Buffer.concat([Buffer.from(`{"name":"`), Buffer.from([0xff, 0xfe]), Buffer.from(`"}`)]);
    expect((await post("/api/projects", broken)).status).toBe(400);
  });

  it("refuses a body where none is declared", async () => {
    expect((await post("/api/tickets", `{"userId":"${PROJECT}"}`)).status).toBe(400);
    expect((await post("/api/tickets", "{}")).status).toBe(201);
    expect((await post("/api/tickets", "")).status).toBe(201);
  });
});

describe("addresses", () => {
  it("answers 404 for a malformed id and 400 for an invalid query", async () => {
    expect((await fetch(`${origin}/api/projects/1;drop table users`, { headers: alice })).status).toBe(404);
    for (const path of ["..%2fetc%2fpasswd", "a%00b", "%2fabsolute", "a%5cb", "a".repeat(5000)]) {
      const answer = await fetch(`${origin}/api/projects/${PROJECT}/files?path=${path}`, { headers: alice });
      expect(answer.status, path.slice(0, 20)).toBe(400);
    }
    const twice = await fetch(`${origin}/api/projects/${PROJECT}/files?path=a&path=b`, { headers: alice });
    expect(twice.status).toBe(400);
    const unknownKey = await fetch(`${origin}/api/languages?utm_source=x&__proto__=y`);
    expect(unknownKey.status).toBe(200);
  });

  it("handles encodings and dots in paths", async () => {
    for (const path of [
      "/api/%2e%2e/%2e%2e/etc/passwd",
      "/api/languages/../../etc/passwd",
      "/api//languages",
      "/%",
      "//evil",
    ]) {
      const answer = await rawGet(path, { accept: "text/html" });
      expect([400, 404], path).toContain(answer.status);
      expect(answer.body).not.toContain("root:");
    }
  });

  it("answers bytes that are no HTTP with 400 and stays up", async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(origin).port), "127.0.0.1", () =>
        socket.write("\x16\x03\x01 hello\r\n\r\n"),
      );
      socket.on("data", (chunk: Buffer) => resolve(chunk.toString()));
      socket.on("error", reject);
    });
    expect(answer).toMatch(/^HTTP\/1.1 400/u);
    expect((await fetch(`${origin}/api/languages`)).status).toBe(200);
  });
});

describe("other sites", () => {
  it("refuses changes from another origin before it reads the body", async () => {
    const cases: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { origin: "http://127.0.0.1:1" },
    ];
    for (const headers of cases) {
      const answer = await post("/api/tickets", "x", { ...alice, ...headers, "content-type": "text/plain" });
      expect(answer.status, JSON.stringify(headers)).toBe(403);
      expect((await problemOf(answer)).code).toBe("request/cross-site");
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
    const own = await post("/api/tickets", "", { ...alice, origin, "sec-fetch-site": "same-origin" });
    expect(own.status).toBe(201);
    const reading = await fetch(`${origin}/api/languages`, { headers: { origin: "https://evil.example" } });
    expect(reading.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("sends the security headers with every response", async () => {
    for (const path of ["/api/languages", "/nothing", "/api/tickets"]) {
      const { headers } = await fetch(`${origin}${path}`);
      expect(headers.get("x-content-type-options"), path).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("strict-transport-security")).toBeNull();
    }
  });
});
