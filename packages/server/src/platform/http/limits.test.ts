/** Rate limits at the edge: exact, and clients cannot evade them. */
import { routes } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { createEdgeFixture } from "./test-edge.ts";

const start = async (options: Parameters<typeof createEdgeFixture>[0]) => {
  const edge = createEdgeFixture(options);
  edge.server.bind(routes.languages, async () => ({ status: 200 as const, body: [] }));
  edge.server.bind(routes.ticket, async () => ({ status: 201 as const, body: { ticket: "t" } }));
  return { edge, origin: await edge.listen() };
};

describe("rate limits", () => {
  it("lets exactly N of 1,000 parallel requests pass", async () => {
    const { edge, origin } = await start({ points: 137 });
    await using _edge = edge;
    const answers = await Promise.all(
      Array.from({ length: 1000 }, async () => {
        const answer = await fetch(`${origin}/api/languages`);
        await answer.arrayBuffer();
        return answer;
      }),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(137);
    const refused = answers.filter((answer) => answer.status === 429);
    expect(refused).toHaveLength(863);
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused[0]?.headers.get("ratelimit-limit")).toBe("137");
    expect(refused[0]?.headers.get("ratelimit-remaining")).toBe("0");
  });

  it("counts independently of X-Forwarded-For, the path's case and the query", async () => {
    const { edge, origin } = await start({ points: 3 });
    await using _edge = edge;
    for (let at = 0; at < 3; at += 1) await fetch(`${origin}/api/languages?n=${at}`);
    const tricks = ["/api/languages?n=9", "/api/languages?", "/api/languages#x"].map((path) =>
      fetch(`${origin}${path}`, { headers: { "x-forwarded-for": `10.0.0.${path.length}`, forwarded: "for=1.2.3.4" } }),
    );
    for (const answer of await Promise.all(tricks)) expect(answer.status).toBe(429);
    for (const path of ["/API/languages", "/api/languages/"])
      expect((await fetch(`${origin}${path}`)).status).toBe(404);
  });

  it("counts each user separately, and refused tokens by address", async () => {
    const { edge, origin } = await start({ points: 2 });
    await using _edge = edge;
    const ticket = async (token: string) =>
      (await fetch(`${origin}/api/tickets`, { method: "POST", headers: { authorization: `Bearer ${token}` } })).status;
    expect([await ticket("token-of-alice"), await ticket("token-of-alice"), await ticket("token-of-alice")]).toEqual([
      201, 201, 429,
    ]);
    expect(await ticket("token-of-bob")).toBe(201);
    expect([await ticket("guess-1"), await ticket("guess-2"), await ticket("guess-3")]).toEqual([401, 401, 429]);
  });

  it("counts pages by address as reads, also unknown ones; `fixed` pages are not counted", async () => {
    const edge = createEdgeFixture({ points: 3 });
    await using _edge = edge;
    let made = 0;
    const page = async () => {
      made += 1;
      return { status: 200, headers: { "content-type": "text/html" }, body: "<p>" };
    };
    edge.server.page("/p/:slug", page);
    edge.server.page("/fixed", page, { fixed: true });
    edge.server.unknownPage(page);
    const origin = await edge.listen();
    const visit = async (path: string, cookie = "") =>
      (await fetch(`${origin}${path}`, { headers: { accept: "text/html", cookie } })).status;
    expect([await visit("/p/a"), await visit("/p/b"), await visit("/nothing")]).toEqual([200, 200, 200]);
    expect([await visit("/p/a"), await visit("/p/c", "any=1"), await visit("/nothing")]).toEqual([429, 429, 429]);
    expect(made).toBe(3);
    const refused = await fetch(`${origin}/p/a`);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    for (let round = 0; round < 10; round += 1) expect(await visit("/fixed")).toBe(200);
  });

  it("uses the right hop of X-Forwarded-For when a proxy is trusted", async () => {
    const { edge, origin } = await start({ points: 1, trusted: { kind: "hops", hops: 1 } });
    await using _edge = edge;
    const from = async (chain: string) =>
      (await fetch(`${origin}/api/languages`, { headers: { "x-forwarded-for": chain } })).status;
    expect(await from("203.0.113.1")).toBe(200);
    expect(await from("203.0.113.2")).toBe(200);
    // The addresses that a client forges are to the left of the one that the proxy appends.
    expect(await from("198.51.100.7, 203.0.113.1")).toBe(429);
  });
});
