import { routes } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { createApi, retryWaitMs } from "./api.ts";
import { ApiProblem, errorText, Unreachable } from "./api-problem.ts";
import { createTransport, routeAddress } from "./transport.ts";

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers });

const problemAnswer = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  answer(
    status,
    { type: "about:blank", title: code, status, code, retryable: true, requestId: "r" },
    { "content-type": "application/problem+json", ...headers },
  );

const setUp = (responses: Response[]) => {
  const requests: { url: string; token: string | null; body: unknown }[] = [];
  const sleptMs: number[] = [];
  let token = "old";
  const fetch = (async (url: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
    requests.push({ url, token: headers.get("authorization"), body });
    const next = responses.shift();
    if (!next) throw new TypeError("failed to fetch");
    return next;
  }) as unknown as typeof globalThis.fetch;
  const call = createApi({
    transport: createTransport({ basePath: "/base", fetch }),
    session: {
      token: async (options) => {
        if (options?.renew === true) token = "new";
        return token;
      },
    },
    sleep: async (ms) => void sleptMs.push(ms),
    random: () => 1,
  });
  return { call, requests, sleptMs };
};

const params = { projectId: "p 1" };

describe("api", () => {
  it("builds addresses from the route table, escaped, below the base path", async () => {
    const { call, requests } = setUp([answer(200, { content: "x" })]);
    await call(routes.readFile, { params, query: { path: "src/ä b.py" } });
    expect(requests[0]?.url).toBe("/base/api/projects/p%201/files?path=src%2F%C3%A4+b.py");
    expect(requests[0]?.token).toBe("Bearer old");
  });

  it("leaves undefined query values out", () => {
    expect(routeAddress(routes.listProjects, { query: { cursor: undefined, limit: 5 } })).toBe("/api/projects?limit=5");
  });

  it("repeats a GET on 503 and 429 with growing delays, no shorter than the server's Retry-After", async () => {
    const { call, sleptMs } = setUp([
      problemAnswer(503, "server/unavailable"),
      problemAnswer(429, "request/rate-limited", { "retry-after": "2" }),
      answer(200, { entries: [] }),
    ]);
    await expect(call(routes.tree, { params })).resolves.toEqual({ entries: [] });
    expect(sleptMs).toEqual([300, 2000]);
  });

  it("never repeats a request that changes data", async () => {
    const { call, requests } = setUp([problemAnswer(503, "server/unavailable"), answer(201, {})]);
    const made = call(routes.createFile, { params, body: { path: "a", content: "" } });
    await expect(made).rejects.toMatchObject({ code: "server/unavailable" });
    expect(requests).toHaveLength(1);
  });

  it("renews a refused token once and sends the same body again", async () => {
    const { call, requests } = setUp([problemAnswer(401, "identity/token-invalid"), answer(201, { id: "f" })]);
    await call(routes.createFile, { params, body: { path: "a", content: "b" } });
    expect(requests.map(({ token }) => token)).toEqual(["Bearer old", "Bearer new"]);
    expect(requests[1]?.body).toEqual({ path: "a", content: "b" });
  });

  it("gives up after four tries", async () => {
    const { call, requests } = setUp(Array.from({ length: 9 }, () => problemAnswer(503, "server/unavailable")));
    await expect(call(routes.tree, { params })).rejects.toBeInstanceOf(ApiProblem);
    expect(requests).toHaveLength(4);
  });

  it("distinguishes a missing response from an error response", async () => {
    const { call } = setUp([]);
    await expect(call(routes.tree, { params })).rejects.toBeInstanceOf(Unreachable);
  });

  it("makes a problem of a proxy's error page", async () => {
    const { call } = setUp([new Response("<h1>Bad gateway</h1>", { status: 502 })]);
    await expect(call(routes.tree, { params })).rejects.toMatchObject({ status: 502, code: "server/unavailable" });
  });
});

describe("retryWaitMs", () => {
  it("doubles, spreads over the upper half, and is bounded", () => {
    expect(retryWaitMs(1, 0)).toBe(150);
    expect(retryWaitMs(3, 1)).toBe(1200);
    expect(retryWaitMs(30, 1)).toBe(10_000);
    expect(retryWaitMs(1, 0, 999_000)).toBe(10_000);
  });
});

describe("errorText", () => {
  it("prefers the message of a field, then the detail, and adds the time of the next try", () => {
    const body = { type: "x", title: "Too many", status: 429, code: "c", retryable: true, requestId: "r" };
    expect(errorText(new ApiProblem(body, 1500))).toBe("Too many. Try again in 2 s.");
    expect(errorText(new ApiProblem({ ...body, faults: [{ at: "name", message: "No name." }] }))).toBe("No name.");
    expect(errorText(new Unreachable("x"))).toContain("can't be reached");
  });
});
