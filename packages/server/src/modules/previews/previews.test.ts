/** Previews over real connections: what their hosts answer, what the server's own never answers there, and until when. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import type { Preview } from "@atelier/contracts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "#kernel/actor";
import { createId } from "#kernel/ids";
import { openTestLiveFiles, type TestLiveFiles, bindTestRoutes } from "../collaboration/live-files/test-live-files.ts";
import { actorNamed, callAs, createEdgeFixture, type EdgeFixture } from "../../platform/http/test-edge.ts";
import { registerPreviewsHttp } from "./http.ts";
import { type AddressSettings, createPreviewAddresses } from "./preview-addresses.ts";
import { createPreviewNames } from "./preview-names.ts";
import { createPreviews } from "./previews.ts";

const LOCAL: AddressSettings = { PREVIEW_ORIGIN: undefined, PREVIEW_PORT: undefined, PUBLIC_URL: undefined };
const WILDCARD: AddressSettings = {
  PREVIEW_ORIGIN: { scheme: "https", host: "preview.example", port: "" },
  PREVIEW_PORT: undefined,
  PUBLIC_URL: "https://atelier.example",
};
const FRAME = { "sec-fetch-dest": "iframe" };

let projects: TestLiveFiles;
const alice = actorNamed("alice");
const bob = actorNamed("bob");
const signedIn = new Map<string, Actor>();
let nowMs = Date.now();
const PAGE = "<!doctype html>\n<title>Hi</title><script src=app.js></script>";

beforeAll(async () => {
  projects = await openTestLiveFiles();
  for (const actor of [alice, bob])
    await projects.admin.query("insert into users (id, kind, name) values ($1, 'guest', $2)", [
      actor.userId,
      actor.name,
    ]);
});
afterAll(() => projects[Symbol.asyncDispose]());

/** A port that was free a moment ago. */
const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
};

/** A project of Alice's with files. */
const projectWith = async (files: Readonly<Record<string, string | Buffer>>): Promise<string> => {
  const { id } = await projects.service.createProject(alice, { name: "Page" });
  for (const [path, bytes] of Object.entries(files))
    await projects.liveFiles.create(alice, id, { path, bytes: Buffer.from(bytes) });
  return id;
};

type Rig = AsyncDisposable & { readonly edge: EdgeFixture; readonly origin: string; readonly port: number };

const open = async (
  settings: AddressSettings = LOCAL,
  options: { proxied?: boolean; points?: number } = {},
): Promise<Rig> => {
  const { proxied = false, points = 1_000_000 } = options;
  const https = settings.PUBLIC_URL?.startsWith("https:") === true;
  const edge = createEdgeFixture({ origin: { proxied, https } });
  let own = 0;
  const addresses = createPreviewAddresses(settings, { https, port: () => own });
  const taken = new Map<string, number>();
  const previews = createPreviews({
    projects: projects.projects,
    files: projects.liveFiles,
    identity: { actorOf: async (signInId) => signedIn.get(signInId) },
    names: createPreviewNames(Buffer.alloc(32, 1), () => nowMs),
    addresses,
    rateLimits: {
      async take(_rate, key) {
        const count = (taken.get(key) ?? 0) + 1;
        taken.set(key, count);
        return { allowed: count <= points, limit: points, remaining: 0, resetSeconds: 9 };
      },
    },
    https,
  });
  bindTestRoutes(edge.server, projects);
  registerPreviewsHttp(edge.server, previews, { proxied });
  edge.server.page("/", async () => ({ status: 200, headers: { "set-cookie": "own=1" }, body: "the app" }));
  edge.server.socket("/projects/:projectId/events", { maxFrameBytes: 100 }, ({ channel }) =>
    channel.close(1000, "test"),
  );
  edge.server.separate(addresses.isSeparate, previews.atOwnOrigins);
  if (settings.PREVIEW_PORT !== undefined)
    await edge.server.listenSeparately({ host: "127.0.0.1", port: settings.PREVIEW_PORT }, previews.atSharedPort);
  const origin = await edge.listen();
  own = Number(new URL(origin).port);
  return { edge, origin, port: own, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
};

type Reply = { readonly status: number; readonly headers: Record<string, string>; readonly body: string };

/** Sends these bytes and reads until the connection ends. */
const exchange = async (port: number, lines: readonly string[]): Promise<Reply> => {
  const socket = connect(port, "127.0.0.1");
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "close");
  const [head = "", ...rest] = Buffer.concat(chunks).toString("utf8").split("\r\n\r\n");
  const [first = "", ...names] = head.split("\r\n");
  const headers = Object.fromEntries(
    names.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  return { status: Number(first.split(" ")[1]), headers, body: rest.join("\r\n\r\n") };
};

const get = (
  port: number,
  host: string,
  path = "/",
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<Reply> =>
  exchange(port, [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: close",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]);

const listed = async ({ origin }: Rig, projectId: string, as: "alice" | "bob" = "alice"): Promise<Preview[]> => {
  signedIn.set(alice.signInId, alice);
  const answer = await callAs(as, `${origin}/api/projects/${projectId}/previews`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Preview[];
};
const hostOf = async (rig: Rig, projectId: string): Promise<string> => {
  const [preview] = await listed(rig, projectId);
  if (preview === undefined) throw new Error("there is no preview");
  return new URL(preview.url).host;
};

describe("a preview at a name of its own", () => {
  test("[PV3] serves the newest text of the project's files, with open documents, and their types", async () => {
    await using rig = await open();
    const id = await projectWith({
      "index.html": PAGE,
      "app.js": "console.log('ü')",
      "pics/dot.png": Buffer.from("89504e470d0a1a0a", "hex"),
      "pics/index.html": "<p>pics",
      "latin.txt": Buffer.from("caf\u00e9", "latin1"),
      noext: "plain",
    });
    const [preview] = await listed(rig, id);
    expect(preview).toMatchObject({ id: "static", kind: "static", hasOrigin: true });
    const host = new URL(preview?.url ?? "").host;
    expect(host).toMatch(new RegExp(`^[0-9a-z]{62}\\.localhost:${rig.port}$`, "u"));
    expect(Date.parse(preview?.expiresAt ?? "")).toBeGreaterThanOrEqual(nowMs + 3_600_000);

    const page = await get(rig.port, host, "/", FRAME);
    expect(page.status).toBe(200);
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    const types: [string, string][] = [
      ["/app.js", "text/javascript; charset=utf-8"],
      ["/pics/dot.png", "image/png"],
      ["/pics/", "text/html; charset=utf-8"],
      ["/latin.txt", "text/plain"],
      ["/noext", "text/plain; charset=utf-8"],
      ["/app.js?v=2", "text/javascript; charset=utf-8"],
    ];
    for (const [path, type] of types) {
      const answer = await get(rig.port, host, path);
      expect([path, answer.status, answer.headers["content-type"]]).toEqual([path, 200, type]);
    }
    const folder = await get(rig.port, host, "/pics");
    expect([folder.status, folder.headers["location"]]).toEqual([307, `http://${host}/pics/`]);

    projects.onCheckpoint = async () => {
      projects.onCheckpoint = async () => undefined;
      await projects.files.put(alice, id, { path: "app.js", bytes: Buffer.from("typed a moment ago") });
    };
    const old = await get(rig.port, host, "/app.js?v=1");
    expect(old.body).toBe("typed a moment ago");
    const again = await get(rig.port, host, "/app.js", { "if-none-match": old.headers["etag"] ?? "" });
    expect([again.status, again.body]).toEqual([304, ""]);
    const head = await get(rig.port, host, "/app.js", {}, "HEAD");
    expect([head.status, head.headers["content-length"], head.body]).toEqual([200, "18", ""]);
  });

  test("[PV3] has no listing of folders, no other methods, and no paths out of the project", async () => {
    await using rig = await open();
    const id = await projectWith({ "a/b.txt": "b" });
    const host = await hostOf(rig, id);
    for (const path of ["/", "/a/", "/none", "/../main.ts", "/%2e%2e/x", "/a%00b", "/a//b.txt", "/%ff", "/%", "/~x/"]) {
      const answer = await get(rig.port, host, path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.body).not.toContain("b.txt\n");
    }
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
      expect((await get(rig.port, host, "/a/b.txt", {}, method)).status).toBe(405);
    expect((await get(rig.port, host, "/a/b.txt", { "content-length": "0" })).status).toBe(200);
    expect((await get(rig.port, host, "/a/b.txt", { "transfer-encoding": "chunked" })).status).toBe(400);
  });

  test("[PV4] ignores cookies and credentials, sets none, and says to browsers what a hostile page may do", async () => {
    await using rig = await open();
    const host = await hostOf(rig, await projectWith({ "index.html": PAGE }));
    const plain = await get(rig.port, host, "/", FRAME);
    const carrying = await get(rig.port, host, "/", {
      ...FRAME,
      cookie: "atelier-refresh=stolen",
      authorization: "Bearer token-of-bob",
    });
    expect(carrying.body).toBe(plain.body);
    for (const answer of [plain, carrying, await get(rig.port, host, "/none"), await get(rig.port, `x.${host}`, "/")]) {
      expect(answer.headers["set-cookie"]).toBeUndefined();
      expect(answer.headers["x-content-type-options"]).toBe("nosniff");
      expect(answer.headers["referrer-policy"]).toBe("no-referrer");
      expect(answer.headers["content-security-policy"]).toContain(
        `frame-ancestors http://localhost:${rig.port} http://127.0.0.1:${rig.port}`,
      );
      expect(answer.headers["cross-origin-resource-policy"]).toBe("same-origin");
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    }
    const worker = await get(rig.port, host, "/app.js", { "service-worker": "script" });
    expect(worker.status).toBe(403);
  });

  test("[PV5] ends at once for a removed member, an ended sign-in and a private project, and when it expires", async () => {
    await using rig = await open();
    const id = await projectWith({ "index.html": PAGE });
    const seal = createPreviewNames(Buffer.alloc(32, 1), () => nowMs);
    const signInId = createId();
    const host = `${seal.seal({ projectId: id, signInId }).label}.localhost:${rig.port}`;
    const status = async (): Promise<number> => (await get(rig.port, host, "/")).status;
    expect(await status()).toBe(404);
    signedIn.set(signInId, bob);
    expect(await status()).toBe(404);
    await projects.service.putMember(alice, id, { userId: bob.userId, role: "viewer" });
    expect(await status()).toBe(200);
    await projects.service.deleteMember(alice, id, bob.userId);
    expect(await status()).toBe(404);
    expect((await get(rig.port, host, "/")).body).toContain("This preview has ended.");
    await projects.service.updateProject(alice, id, { visibility: "public" });
    expect(await status()).toBe(200);
    signedIn.delete(signInId);
    expect(await status()).toBe(404);
    signedIn.set(signInId, bob);
    const before = nowMs;
    nowMs += 91 * 60_000;
    expect(await status()).toBe(404);
    nowMs = before;
    expect(await status()).toBe(200);
    expect((await get(rig.port, host.toUpperCase(), "/")).status).toBe(200);
  });

  test("[PV6] a stranger gets no address, and the requests of a page are limited apart from its user's", async () => {
    await using rig = await open(LOCAL, { points: 3 });
    const id = await projectWith({ "index.html": PAGE });
    const answer = await callAs("bob", `${rig.origin}/api/projects/${id}/previews`);
    expect(answer.status).toBe(404);
    const host = await hostOf(rig, id);
    const statuses = [];
    for (let at = 0; at < 4; at += 1) statuses.push((await get(rig.port, host, "/")).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const guesses = [];
    for (let at = 0; at < 4; at += 1)
      guesses.push((await get(rig.port, `${"0".repeat(61)}${at}.localhost`, "/")).status);
    expect(guesses).toEqual([404, 404, 404, 429]);
    expect(await listed(rig, id)).toHaveLength(1);
  });
});

describe("the server's own host and those of previews", () => {
  test("[PV7] the host of a preview never reaches routes, pages, probes and sockets of the server", async () => {
    await using rig = await open();
    const host = await hostOf(rig, await projectWith({ "x.txt": "x" }));
    for (const name of [host, `unknown.localhost:${rig.port}`, `a.b.localhost`, `${host.split(":")[0]}.`])
      for (const path of ["/", "/api/projects", "/projects", "/healthz", "/api/openapi.json"]) {
        const answer = await get(rig.port, name, path, { authorization: "Bearer token-of-alice", accept: "text/html" });
        expect([name, path, answer.status]).toEqual([name, path, 404]);
        expect(answer.body).not.toContain("the app");
        expect(answer.headers["content-security-policy"]).toContain("frame-ancestors");
      }
    const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
    const socket = await exchange(rig.port, [
      "GET /api/projects/x/events?ticket=ticket-of-alice HTTP/1.1",
      `Host: ${host}`,
      ...Object.entries({ ...upgrade, "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==" }).map(
        ([name, value]) => `${name}: ${value}`,
      ),
    ]);
    expect(socket.status).toBe(404);
    expect(rig.edge.server.socketsOpening).toBe(0);
  });

  test("[PV7] the server's own host never shows a preview, also with tricks in headers and request lines", async () => {
    await using rig = await open();
    const id = await projectWith({ "index.html": "<p>secret page" });
    const host = await hostOf(rig, id);
    const label = host.split(".")[0] ?? "";
    const own = `127.0.0.1:${rig.port}`;
    // Without a proxy X-Forwarded-Host is not read.
    const forwarded = await get(rig.port, own, "/", { "x-forwarded-host": host, forwarded: `host=${host}` });
    expect([forwarded.status, forwarded.body]).toEqual([200, "the app"]);
    const old = await exchange(rig.port, ["GET / HTTP/1.0"]);
    expect([old.status, old.body]).toEqual([200, "the app"]);
    for (const path of [`/~${label}/`, `/${label}/`, `/index.html`])
      expect((await get(rig.port, own, path)).status).toBe(404);
    expect((await get(rig.port, `${label}.example.org`, "/")).body).toBe("the app");
    expect((await get(rig.port, `${label}localhost`, "/")).body).toBe("the app");

    const clashes: (readonly string[])[] = [
      [`GET http://${host}/ HTTP/1.1`, `Host: ${own}`],
      [`GET http://${own}/ HTTP/1.1`, `Host: ${host}`],
      [`GET http://user@${host}/ HTTP/1.1`, `Host: ${own}`],
      [`GET / HTTP/1.1`, `Host: ${own}`, `Host: ${host}`],
      [`GET / HTTP/1.1`, `Host: ${host}`, `Host: ${own}`],
      [`GET / HTTP/1.1`, `Host: ${own}, ${host}`],
    ];
    for (const lines of clashes) {
      const answer = await exchange(rig.port, [...lines, "Connection: close"]);
      expect([lines, answer.status === 421 || answer.status === 400]).toEqual([lines, true]);
      expect(answer.body).not.toMatch(/the app|secret page/u);
    }
    const absolute = await exchange(rig.port, [`GET http://${host}/ HTTP/1.1`, `Host: ${host}`, "Connection: close"]);
    expect([absolute.status, absolute.body]).toEqual([200, "<p>secret page"]);
    const plainAbsolute = await exchange(rig.port, [
      `GET http://${own}/ HTTP/1.1`,
      `Host: ${own}`,
      "Connection: close",
    ]);
    expect(plainAbsolute.body).toBe("the app");
  });

  test("[PV7] behind a proxy the host that it reports counts, and a preview's request can't name the server's", async () => {
    await using rig = await open(WILDCARD, { proxied: true });
    const id = await projectWith({ "index.html": "<p>secret page" });
    signedIn.set(alice.signInId, alice);
    const [preview] = await listed(rig, id);
    const host = new URL(preview?.url ?? "").host;
    expect(host).toMatch(/^[0-9a-z]{62}\.preview\.example$/u);
    const shown = await get(rig.port, "backend:3000", "/", { "x-forwarded-host": host });
    expect(shown.body).toBe("<p>secret page");
    expect(shown.headers["content-security-policy"]).toContain("frame-ancestors https://atelier.example");
    expect((await get(rig.port, host, "/", { "x-forwarded-host": host })).body).toBe("<p>secret page");
    // A page can send this header; the browser sets Host.
    const forged = await get(rig.port, host, "/", { "x-forwarded-host": "atelier.example" });
    expect(forged.body).toBe("<p>secret page");
    const appended = await get(rig.port, "backend:3000", "/", { "x-forwarded-host": `atelier.example, ${host}` });
    expect(appended.status).toBe(421);
    expect((await get(rig.port, "atelier.example", "/")).body).toBe("the app");
    // Names of this machine are previews only where there is no other origin for them.
    expect((await get(rig.port, "tool.localhost", "/")).body).toBe("the app");
    expect((await get(rig.port, "preview.example", "/")).body).toBe("the app");
  });
});

describe("a preview on a port that all share", () => {
  test("[PV8] gets an opaque origin, no cookies, and its name in the path", async () => {
    const PREVIEW_PORT = await freePort();
    await using rig = await open({ ...LOCAL, PREVIEW_PORT, PUBLIC_URL: "http://atelier.lan:3000" });
    const id = await projectWith({ "index.html": PAGE, "app.js": "1", "sub/index.html": "s" });
    const [preview] = await listed(rig, id);
    expect(preview?.hasOrigin).toBe(false);
    const url = new URL(preview?.url ?? "");
    expect([url.origin, url.pathname]).toEqual([
      `http://atelier.lan:${PREVIEW_PORT}`,
      expect.stringMatching(/^\/~[0-9a-z]{62}\/$/u),
    ]);
    const page = await get(PREVIEW_PORT, url.host, url.pathname, FRAME);
    expect(page.status).toBe(200);
    const policy = page.headers["content-security-policy"] ?? "";
    expect(policy).toContain("sandbox allow-scripts allow-forms allow-popups allow-modals");
    expect(policy).not.toContain("allow-same-origin");
    expect(policy).toContain("frame-ancestors http://atelier.lan:3000");
    expect(page.headers["set-cookie"]).toBeUndefined();
    // Its own modules, fonts and data are another origin's for an opaque one.
    const script = await get(PREVIEW_PORT, url.host, `${url.pathname}app.js`, { origin: "null", cookie: "a=b" });
    expect([script.status, script.headers["access-control-allow-origin"]]).toEqual([200, "*"]);
    expect(script.headers["content-security-policy"]).toContain("sandbox");
    expect((await get(PREVIEW_PORT, url.host, `${url.pathname}sub`)).headers["location"]).toBe(`${url.href}sub/`);
    for (const path of ["/", "/api/projects", "/~x/", "/healthz", `${url.pathname}../x`])
      expect((await get(PREVIEW_PORT, url.host, path)).status).toBe(404);
    expect((await get(PREVIEW_PORT, "127.0.0.1", "/api/openapi.json")).status).toBe(404);
    expect((await get(rig.port, "127.0.0.1", url.pathname)).status).toBe(404);
  });

  test("[PV8] without a port or a wildcard there are no previews for pages on other machines", async () => {
    await using rig = await open({ ...LOCAL, PUBLIC_URL: "http://atelier.lan:3000" });
    expect(await listed(rig, await projectWith({ "index.html": PAGE }))).toEqual([]);
  });
});

describe("documents of a preview", () => {
  test("[PV9] begin with the script after their document type, on the same line; what scripts fetch is unchanged", async () => {
    await using rig = await open();
    const id = await projectWith({
      "index.html": PAGE,
      "bare.html": "<p>one",
      "late.html": "<!-- a --><!DOCTYPE HTML>\n<p>",
      "wide.html": Buffer.from("\ufeff<p>wide", "utf16le"),
    });
    const host = await hostOf(rig, id);
    const body = async (path: string, headers: Record<string, string> = FRAME): Promise<string> =>
      (await get(rig.port, host, path, headers)).body;
    const page = await body("/index.html");
    expect(page).toMatch(/^<!doctype html><script>\(function[^\n]*<\/script>\n<title>Hi/u);
    expect(page).toContain(`["http://localhost:${rig.port}","http://127.0.0.1:${rig.port}"]`);
    expect(await body("/bare.html")).toMatch(/^<script>[^\n]*<\/script><p>one$/u);
    expect(await body("/late.html")).toMatch(/^<!-- a --><!DOCTYPE HTML><script>/u);
    expect(await body("/wide.html")).not.toContain("<script>");
    expect(await body("/index.html", { "sec-fetch-dest": "empty" })).toBe(PAGE);
    expect(await body("/index.html", { accept: "*/*" })).toBe(PAGE);
  });

  test("[PV10] Markdown is a page in which nothing of the text runs, with its relative links and images", async () => {
    await using rig = await open();
    const text = [
      "# Title",
      "<script>alert(1)</script> <img src=x onerror=alert(1)>",
      "[next](docs/next.md) ![dot](pics/dot.png) [bad](javascript:alert(1)) [worse](data:text/html,<b>)",
      "https://example.org",
    ].join("\n\n");
    const id = await projectWith({ "README.md": text });
    const host = await hostOf(rig, id);
    const page = await get(rig.port, host, "/README.md", FRAME);
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    const shown = page.body.replace(/^[\s\S]*<body>/u, "");
    expect(shown).toContain("<h1>Title</h1>");
    expect(shown).toContain('<a href="docs/next.md">next</a>');
    expect(shown).toContain('<img src="pics/dot.png" alt="dot">');
    expect(shown).toContain('<a href="https://example.org">');
    expect(shown).not.toMatch(/<script|<img src=x|href="(?:javascript|data):/u);
    expect(page.body.match(/<script>/gu)).toHaveLength(1);
    const policy = page.headers["content-security-policy"] ?? "";
    expect(policy).toMatch(/default-src 'none'; script-src 'sha256-[^']+';/u);
    expect(policy).toContain("frame-ancestors");
    const raw = await get(rig.port, host, "/README.md", { "sec-fetch-dest": "empty" });
    expect([raw.body, raw.headers["content-type"]]).toEqual([text, "text/markdown; charset=utf-8"]);
  });
});
