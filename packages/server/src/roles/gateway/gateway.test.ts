/** The page as a browser gets it: filled in for its visitor, with strict headers, and nothing for who may not see it. */
import { type Boot, BootSchema, type Language, type Project, type User } from "@atelier/contracts";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { get, request as rawRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { actorNamed, createEdgeFixture, type EdgeFixture } from "../../platform/http/test-edge.ts";
import { createManualClock, systemClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import type { PageSources } from "./boot.ts";
import { type GatewayOptions, registerGateway } from "./gateway.ts";

const INLINE = `document.documentElement.classList.remove("no-script")`;
const HTML = `<!doctype html><html><head><script>${INLINE}</script><script type="module" src="/assets/main-abc.js"></script></head>
<body><pre id="first-code"><!--atelier:code--></pre><!--atelier:boot--></body></html>`;
const NASTY = `</script><!-- <script>alert("$& $1 &amp;")`;

const language = (id: string, content: string): Language => ({
  id,
  name: id,
  version: "1",
  extensions: [],
  aliases: [`${id}-alias`],
  ready: true,
  image: { id: "base", state: "ready", bytes: 1 },
  capabilities: [],
  sample: { path: `main.${id}`, content },
});
const user: User = {
  id: actorNamed("alice").userId,
  kind: "guest",
  name: "Alice",
  plan: "free",
  createdAt: new Date(0).toISOString(),
};
const project: Project = {
  id: user.id,
  slug: "mine",
  name: "Mine",
  description: "",
  owner: { id: user.id, name: "Alice" },
  visibility: "private",
  role: "owner",
  createdAt: user.createdAt,
  updatedAt: user.createdAt,
  sizeBytes: 1,
  fileCount: 1,
  keepRunFiles: true,
};

let folder = "";
let edge: EdgeFixture;
let origin = "";
let opened: unknown[][] = [];
let databaseUp = true;
let stopping = false;

const sources: PageSources = {
  languages: () => [language("python", NASTY), language("c", "int main;")],
  tier: () => "gvisor",
  execution: () => ({ available: true }),
  async findByRefreshToken(token) {
    if (!databaseUp) throw new Error("planted");
    return token === "alice" ? { actor: actorNamed("alice"), user } : undefined;
  },
  async openProject(actor, { slug, filePath, request }) {
    opened.push([actor?.name, slug, filePath, request.address]);
    if (slug !== "mine" || actor === undefined) return undefined;
    return { project, entries: [], file: { id: user.id, path: "a.ts", content: "let a = 1 < 2;\n", version: 3 } };
  },
};

const start = async (
  changes: Partial<GatewayOptions> = {},
  edgeChanges: Parameters<typeof createEdgeFixture>[0] = {},
) => {
  const fixture = createEdgeFixture(edgeChanges);
  const hasPage = await registerGateway(fixture.server, {
    webFolder: folder,
    https: false,
    version: "9.9.9",
    frameSources: ["http://*.localhost:*"],
    basePath: "",
    assetBaseUrl: "",
    registration: "open",
    guests: true,
    refreshCookie: "atelier-refresh",
    log: silentLog,
    sources,
    optional: new Set(["sandbox"]),
    metricsToken: undefined,
    dependencies: {
      database: async () => ({ ok: databaseUp }),
      sandbox: async () => ({ ok: false, detail: "no tier" }),
    },
    scrape: async () => ({ text: "up 1\n", contentType: "text/plain" }),
    isStopping: () => stopping,
    clock: systemClock,
    ...changes,
  });
  return { fixture, hasPage, origin: await fixture.listen() };
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "atelier-web-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), HTML);
  await writeFile(join(folder, "assets/main-abc.js"), "console.log(1)");
  await writeFile(join(folder, "assets/main-abc.js.br"), "as brotli");
  await writeFile(join(folder, "assets/main-abc.js.gz"), "as gzip");
  await writeFile(join(folder, "robots.txt"), "User-agent: *");
  ({ fixture: edge, origin } = await start());
});
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const bootOf = (html: string): Boot =>
  BootSchema.parse(JSON.parse(/<script type="application\/json" id="boot">(.*?)<\/script>/su.exec(html)?.[1] ?? ""));
const visit = async (path: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${origin}${path}`, { headers: { accept: "text/html", ...headers } });
  return { answer, html: await answer.text() };
};

describe("the page", () => {
  it("shows the sample at once, sets no cookie, asks nobody", async () => {
    opened = [];
    const { answer, html } = await visit("/");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const boot = bootOf(html);
    expect(boot).toMatchObject({
      version: 1,
      guests: true,
      tier: "gvisor",
      sample: { language: "python", content: NASTY },
    });
    expect(boot.user).toBeUndefined();
    expect(opened).toEqual([]);
  });

  it("without guests shows a stranger no sample, and one who is signed in theirs", async () => {
    const closed = await start({ guests: false });
    const bootFor = async (cookie: string) => {
      const answer = await fetch(`${closed.origin}/new/python`, { headers: { accept: "text/html", cookie } });
      return bootOf(await answer.text());
    };
    expect(await bootFor("")).toMatchObject({ guests: false });
    expect((await bootFor("")).sample).toBeUndefined();
    expect((await bootFor("atelier-refresh=guessed")).sample).toBeUndefined();
    expect(await bootFor("atelier-refresh=alice")).toMatchObject({ guests: false, sample: { language: "python" } });
    await closed.fixture[Symbol.asyncDispose]();
  });

  it("serves no file outside its folder", async () => {
    const { html } = await visit("/");
    expect(html).toContain(
      `<pre id="first-code">&lt;/script&gt;&lt;!-- &lt;script&gt;alert(&quot;$&amp; $1 &amp;amp;&quot;)</pre>`,
    );
    expect(html.match(/<script/gu)).toHaveLength(3);
    expect(html).not.toContain("<!-- <script>");
  });

  it("allows its own scripts only", async () => {
    const policy = (await visit("/")).answer.headers.get("content-security-policy") ?? "";
    const hash = createHash("sha256").update(INLINE).digest("base64");
    expect(policy).toContain(`script-src 'self' 'sha256-${hash}';`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(/script-src[^;]*/u.exec(policy)?.[0]).not.toMatch(/unsafe|https?:|\*/u);
  });

  it("takes another language by id or alias for /new", async () => {
    expect(bootOf((await visit("/new/c")).html).sample?.language).toBe("c");
    expect(bootOf((await visit("/new/c-alias")).html).sample?.language).toBe("c");
    expect(bootOf((await visit("/new/klingon")).html).sample?.language).toBe("python");
  });

  it("carries user, project and text for who may see them, and only for them", async () => {
    opened = [];
    const mine = await visit("/p/mine?file=src/a.ts:12", { cookie: "atelier-refresh=alice" });
    expect(opened).toEqual([["alice", "mine", "src/a.ts", "127.0.0.1"]]);
    expect(bootOf(mine.html)).toMatchObject({
      user: { name: "Alice" },
      project: { slug: "mine" },
      file: { content: "let a = 1 < 2;\n" },
    });
    expect(mine.html).toContain("let a = 1 &lt; 2;\n</pre>");
    expect(mine.answer.headers.get("set-cookie")).toBeNull();
    const stranger = bootOf((await visit("/p/mine")).html);
    expect([stranger.notFound, stranger.project, stranger.user]).toEqual([true, undefined, undefined]);
    const other = await visit("/p/other", { cookie: "atelier-refresh=alice" });
    expect([other.answer.status, bootOf(other.html).notFound]).toEqual([404, true]);
  });

  it("comes without the visitor when the database does not answer", async () => {
    databaseUp = false;
    const { answer, html } = await visit("/", { cookie: "atelier-refresh=alice" });
    databaseUp = true;
    expect(answer.status).toBe(200);
    expect(bootOf(html).user).toBeUndefined();
  });

  it("answers an unknown navigation with a 404 page and everything else with a problem", async () => {
    const page = await visit("/no/such/page");
    expect([page.answer.status, bootOf(page.html).notFound]).toEqual([404, true]);
    for (const [path, accept] of [
      ["/no/such/page", "*/*"],
      ["/assets/gone.js", "*/*"],
      ["/api/none", "text/html"],
    ] as const) {
      const answer = await fetch(`${origin}${path}`, { headers: { accept } });
      expect([answer.status, answer.headers.get("content-type")], path).toEqual([404, "application/problem+json"]);
    }
    const post = await fetch(`${origin}/no/such/page`, { method: "POST", headers: { accept: "text/html" } });
    expect(post.headers.get("content-type")).toBe("application/problem+json");
  });
});

describe("rate limits", () => {
  it("hold for pages, readiness and metrics, not for assets, liveness and the API's description", async () => {
    const limited = await start({}, { points: 3 });
    const statusOf = async (path: string): Promise<number> => {
      const headers = { accept: "text/html", "accept-encoding": "identity" };
      const answer = await fetch(`${limited.origin}${path}`, { headers });
      await answer.arrayBuffer();
      return answer.status;
    };
    opened = [];
    for (const path of ["/p/mine", "/readyz", "/"]) expect([path, await statusOf(path)]).toEqual([path, 200]);
    for (const path of ["/p/mine", "/s/a-link", "/dashboard", "/new/c", "/readyz", "/metrics", "/nothing"])
      expect([path, await statusOf(path)]).toEqual([path, 429]);
    expect(opened).toHaveLength(1);
    for (const path of ["/healthz", "/assets/main-abc.js", "/robots.txt", "/api/openapi.json"])
      expect([path, await statusOf(path)]).toEqual([path, 200]);
    await limited.fixture[Symbol.asyncDispose]();
  });
});

describe("assets", () => {
  it("come in the best encoding, for ever, and only once", async () => {
    for (const [accepts, encoding, body] of [
      ["gzip, br", "br", "as brotli"],
      ["gzip, br;q=0", "gzip", "as gzip"],
      ["identity", null, "console.log(1)"],
    ]) {
      const answer = await new Promise<{ headers: Record<string, unknown>; text: string; status: number }>(
        (resolve, reject) => {
          rawRequest(`${origin}/assets/main-abc.js`, { headers: { "accept-encoding": accepts ?? "" } }, (response) => {
            let text = "";
            response.on("data", (chunk: Buffer) => (text += chunk.toString()));
            response.on("end", () => resolve({ headers: response.headers, text, status: response.statusCode ?? 0 }));
          })
            .on("error", reject)
            .end();
        },
      );
      expect([answer.headers["content-encoding"] ?? null, answer.text]).toEqual([encoding, body]);
      expect(answer.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
      expect(answer.headers["content-type"]).toBe("text/javascript; charset=utf-8");
    }
    const first = await fetch(`${origin}/robots.txt`);
    expect(first.headers.get("cache-control")).toContain("must-revalidate");
    const again = await fetch(`${origin}/robots.txt`, {
      headers: { "if-none-match": first.headers.get("etag") ?? "" },
    });
    expect(again.status).toBe(304);
  });

  it("are never found outside of their folder, and index.html and twins not as assets", async () => {
    for (const path of [
      "/assets/../index.html",
      "/assets/..%2findex.html",
      "/assets/%2e%2e/%2e%2e/etc/passwd",
      "/index.html",
      "/assets/main-abc.js.br",
    ]) {
      const status = await new Promise((resolve, reject) => {
        rawRequest(origin, { path }, (response) => resolve(response.resume().statusCode))
          .on("error", reject)
          .end();
      });
      expect(status, path).toBe(404);
    }
  });
});

describe("other paths", () => {
  it("serves page, API and probes under BASE_PATH, with assets from a CDN where there is one", async () => {
    const edgeChanges = { basePath: "/base", https: true };
    const based = await start({ basePath: "/base", https: true, assetBaseUrl: "https://cdn.example/x" }, edgeChanges);
    await using _fixture = based.fixture;
    const page = await fetch(`${based.origin}/base/`, { headers: { accept: "text/html" } });
    const html = await page.text();
    expect(html).toContain(`src="https://cdn.example/x/assets/main-abc.js"`);
    expect(page.headers.get("content-security-policy")).toMatch(
      /script-src 'self' 'sha256-[^']+' https:\/\/cdn\.example;/u,
    );
    expect(page.headers.get("strict-transport-security")).toContain("max-age");
    expect(bootOf(html).basePath).toBe("/base");
    expect((await fetch(`${based.origin}/base/api/openapi.json`)).status).toBe(200);
    expect((await fetch(`${based.origin}/`)).status).toBe(404);
    expect((await fetch(`${based.origin}/based/`)).status).toBe(404);
    expect((await fetch(`${based.origin}/healthz`)).status).toBe(200);
  });

  it("goes without a page when none is built, and refuses one without its markers", async () => {
    const bare = await start({ webFolder: join(folder, "missing") });
    await using _fixture = bare.fixture;
    expect(bare.hasPage).toBe(false);
    expect((await fetch(`${bare.origin}/`, { headers: { accept: "text/html" } })).status).toBe(404);
    await mkdir(join(folder, "broken"));
    await writeFile(join(folder, "broken/index.html"), "<!--atelier:boot-->");
    await expect(start({ webFolder: join(folder, "broken") })).rejects.toThrow("atelier:code");
  });
});

describe("probes", () => {
  it("waits for no dependency longer than its deadline", async () => {
    const clock = createManualClock();
    const asked = Promise.withResolvers<undefined>();
    const dependencies = {
      database: () => {
        asked.resolve(undefined);
        return new Promise<never>(() => undefined);
      },
    };
    const stuck = await start({ clock, dependencies });
    await using _fixture = stuck.fixture;
    const answer = fetch(`${stuck.origin}/readyz`);
    await asked.promise;
    clock.advance(2000);
    expect((await answer).status).toBe(503);
    expect(await (await answer).json()).toMatchObject({
      dependencies: { database: { detail: "no response in time" } },
    });
  });

  it("is ready while only running is paused, and not without its database or while stopping", async () => {
    const ready = async () => {
      const answer = await fetch(`${origin}/readyz`);
      return [answer.status, ((await answer.json()) as { ready: boolean }).ready];
    };
    expect(await ready()).toEqual([200, true]);
    databaseUp = false;
    expect(await ready()).toEqual([503, false]);
    databaseUp = true;
    stopping = true;
    expect(await ready()).toEqual([503, false]);
    stopping = false;
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
  });

  it("gives metrics to nobody behind a proxy that was not told about, nor to a name that points here", async () => {
    for (const header of ["x-forwarded-for", "forwarded", "via", "x-real-ip"])
      expect((await fetch(`${origin}/metrics`, { headers: { [header]: "127.0.0.1" } })).status, header).toBe(404);
    const asked = (host: string): Promise<number> =>
      new Promise((resolve, reject) => {
        get(`${origin}/metrics`, { headers: { host } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        }).on("error", reject);
      });
    expect(await asked("rebound.example:3000")).toBe(404);
    expect(await asked("127.0.0.1.example")).toBe(404);
    expect([await asked("localhost:3000"), await asked("127.0.0.1")]).toEqual([200, 200]);
  });

  it("gives metrics to loopback, and with a token to its holder only", async () => {
    expect(await (await fetch(`${origin}/metrics`)).text()).toBe("up 1\n");
    const guarded = await start({ metricsToken: "0123456789abcdef" });
    await using _fixture = guarded.fixture;
    const status = async (authorization?: string) =>
      (await fetch(`${guarded.origin}/metrics`, authorization === undefined ? {} : { headers: { authorization } }))
        .status;
    expect([await status(), await status("Bearer wrong"), await status("Bearer 0123456789abcdef")]).toEqual([
      404, 404, 200,
    ]);
    const proxied = await start({}, { trusted: { kind: "hops", hops: 1 } });
    await using _proxied = proxied.fixture;
    const outside = await fetch(`${proxied.origin}/metrics`, { headers: { "x-forwarded-for": "203.0.113.5" } });
    expect(outside.status).toBe(404);
  });
});
