/** Authorization on every route and socket: users without access see nothing, viewers change nothing, and refusals reveal nothing. */
import { once } from "node:events";
import { CLOSE, routes, sockets, type Execution, type Project, type Route, type ShareLink } from "@atelier/contracts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { SocketClient, updateMessage } from "../../packages/server/src/modules/collaboration/test-socket-client.ts";
import { ApiError, type Client, signInAsGuest } from "../support/client.ts";
import { startServer, type TestServer } from "../support/server.ts";

/** Valid bodies and queries for every route, so that only missing rights cause a refusal; a new route has to be added here. */
const SENT: Readonly<Record<string, { readonly body?: object; readonly query?: string }>> = {
  forkProject: { body: {} },
  updateProject: { body: { name: "stolen" } },
  putMember: { body: { role: "editor" } },
  createLink: { body: { role: "editor" } },
  putEditorState: { body: { open: "tabs" } },
  createFile: { body: { path: "new.txt", content: "x" } },
  readFile: { query: "?path=secret.txt" },
  readRawFile: { query: "?path=secret.txt" },
  putFile: { body: { path: "secret.txt", content: "changed" } },
  deleteFile: { query: "?path=secret.txt" },
  history: { query: "?path=secret.txt" },
  restoreVersion: { body: { path: "secret.txt", version: 1 } },
  createFolder: { body: { path: "folder" } },
  move: { body: { from: "secret.txt", to: "moved.txt" } },
};
/** What a viewer may do in a project that it sees. */
const VIEWER_MAY = new Set([
  "getProject",
  "forkProject",
  "exportProject",
  "listMembers",
  "getMember",
  "editorState",
  "putEditorState",
  "liveSessions",
  "tree",
  "readFile",
  "readRawFile",
  "history",
  "listConfigurations",
  "listExecutions",
  "listPreviews",
]);

const PATIENCE = { timeout: 20_000, interval: 20 };

let server: TestServer;
let alice: Client;
let bob: Client;
let viewer: Client;
let project: Project;
let fileId = "";
let link: ShareLink;
beforeAll(async () => {
  server = await startServer({ env: { RATE_LIMIT_SIGN_IN: "9999999", SANDBOX: "namespaces" } });
  [alice, bob, viewer] = [
    await signInAsGuest(server.origin),
    await signInAsGuest(server.origin),
    await signInAsGuest(server.origin),
  ];
  project = await alice.createProject({ name: "Alice's" });
  fileId = (await alice.createFile(project.id, "secret.txt", "nobody else's")).id;
  link = (await alice.call("POST", `/projects/${project.id}/links`, { role: "viewer" })) as ShareLink;
  await viewer.call("POST", `/links/${link.token ?? ""}/accept`);
});
afterAll(() => server[Symbol.asyncDispose]());

const ofProjects = (Object.values(routes) as Route[]).filter(({ path }) => path.includes(":projectId"));
const addressOf = (route: Route, projectId: string): string =>
  route.path
    .replace(":projectId", projectId)
    .replace(":userId", alice.user.id)
    .replace(":id", link.id)
    .replaceAll(/:\w+/gu, "01900000-0000-7000-8000-000000000001");
const ask = async (route: Route, token: string | undefined, projectId = project.id): Promise<[number, string]> => {
  const { body, query = "" } = SENT[route.id] ?? {};
  const answer = await fetch(`${server.origin}/api${addressOf(route, projectId)}${query}`, {
    method: route.method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return [answer.status, await answer.text()];
};
/** The response without the parts that differ between two responses of one kind. */
const kindOf = (text: string): string => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gu, "id");
const closedWith = async (socket: WebSocket): Promise<number> => {
  socket.on("error", () => undefined);
  return ((await once(socket, "close")) as [number])[0];
};
const isUntouched = async (): Promise<void> => {
  expect((await alice.readFile(project.id, "secret.txt")).content).toBe("nobody else's");
  const tree = (await alice.call("GET", `/projects/${project.id}/tree`)) as { entries: unknown[] };
  expect(tree.entries).toHaveLength(1);
  expect((await alice.call("GET", `/projects/${project.id}`)) as Project).toMatchObject({ name: "Alice's" });
};

describe("every route of a project", () => {
  it("is in the table of this test, and needs a sign-in", async () => {
    expect(ofProjects.length).toBeGreaterThan(20);
    for (const route of ofProjects) {
      expect(route.body === undefined || SENT[route.id]?.body !== undefined, route.id).toBe(true);
      expect((await ask(route, undefined))[0], route.id).toBe(401);
      expect((await ask(route, "guess"))[0], route.id).toBe(401);
    }
  });

  it.each(ofProjects)("$method $path looks to a stranger as if there were no such project", async (route) => {
    const [there, nowhere] = [
      await ask(route, bob.token),
      await ask(route, bob.token, "01900000-0000-7000-8000-00000000dead"),
    ];
    expect(there[0]).toBe(404);
    expect(kindOf(there[1])).toBe(kindOf(nowhere[1]));
  });

  it.each(ofProjects.filter(({ id }) => !VIEWER_MAY.has(id)))("$method $path is not for viewers", async (route) => {
    const [status, text] = await ask(route, viewer.token);
    expect([status, (JSON.parse(text) as { code: string }).code]).toEqual([403, "projects/role-too-low"]);
  });

  it("changed nothing", async () => {
    await expect(isUntouched()).resolves.toBeUndefined();
  });
});

describe("what responses do not reveal", () => {
  it("lists and usage show one's own only", async () => {
    const list = (await bob.call("GET", "/projects")) as { items: unknown[] };
    expect(list.items).toEqual([]);
    const me = (await bob.call("GET", "/me")) as { usage: { projects: number } };
    expect(me.usage.projects).toBe(0);
  });

  it("a share link's token opens one project for one role, and a guessed one nothing", async () => {
    for (const token of ["x", "A".repeat(32), `${link.token ?? ""}x`, (link.token ?? "").toLowerCase()])
      await expect(bob.call("POST", `/links/${token}/accept`)).rejects.toMatchObject({ status: 404 });
    const links = (await alice.call("GET", `/projects/${project.id}/links`)) as { links: ShareLink[] };
    expect(links.links.map(({ url }) => url)).toEqual([link.url]);
    await expect(viewer.call("GET", `/projects/${project.id}/links`)).rejects.toMatchObject({ status: 403 });
  });

  it("fields that a route does not declare are refused, so that no user can set a role or a version", async () => {
    const own = await bob.createProject({ name: "Bob's" });
    for (const [method, path, body] of [
      ["POST", "/projects", { name: "x", ownerId: alice.user.id }],
      ["PATCH", `/projects/${own.id}`, { name: "x", role: "owner" }],
      ["PUT", `/projects/${own.id}/members/${alice.user.id}`, { role: "owner" }],
      ["POST", `/projects/${own.id}/files`, { path: "a", content: "", id: fileId }],
      ["PATCH", "/me", { plan: "enterprise" }],
      ["PATCH", "/me", { isAdmin: true }],
      ["POST", "/auth/register", { email: "a@example.org", password: "long enough", name: "x", plan: "premium" }],
    ] as const)
      await expect(bob.call(method, path, body), `${method} ${path}`).rejects.toMatchObject({ status: 400 });
  });
});

describe("sockets", () => {
  const dial = (path: string, token: string): WebSocket =>
    new WebSocket(`${server.origin.replace("http", "ws")}/api${path}?v=1&token=${token}`);
  const documentPath = () => `/collaborate/${project.id}/${fileId}`;

  it("each of them answers a user without access as if the project did not exist", async () => {
    const run = (await alice
      .startExecution({ files: [{ path: "a.sh", content: "echo hi" }], language: "bash", entryPoint: "a.sh" })
      .catch((error: unknown) => error)) as Execution | ApiError;
    const executionId = run instanceof ApiError ? "01900000-0000-7000-8000-000000000001" : run.id;
    for (const path of [
      documentPath(),
      sockets.projectEvents.replace(":projectId", project.id),
      sockets.executionStream.replace(":id", executionId),
    ])
      expect(await closedWith(dial(path, bob.token)), path).toBe(CLOSE.notFound);
    for (const path of [documentPath(), sockets.projectEvents.replace(":projectId", project.id)])
      expect(await closedWith(dial(path, "guess")), path).toBe(CLOSE.signedOut);
    const asked = await bob.call("GET", `/executions/${executionId}`).catch((error: unknown) => error);
    const stopped = await bob.call("DELETE", `/executions/${executionId}`).catch((error: unknown) => error);
    expect([(asked as ApiError).status, (stopped as ApiError).status]).toEqual([404, 404]);
  });

  it("a file of one project is not found under another one, whoever requests it", async () => {
    const own = await bob.createProject({ name: "door" });
    expect(await closedWith(dial(`/collaborate/${own.id}/${fileId}`, bob.token))).toBe(CLOSE.notFound);
    expect(await closedWith(dial(`/collaborate/${own.id}/${fileId}`, alice.token))).toBe(CLOSE.notFound);
  });

  it("a viewer's update closes its socket and changes nothing", async () => {
    const doc = new Y.Doc();
    doc.getText("content").insert(0, "smuggled");
    const client = new SocketClient(dial(documentPath(), viewer.token));
    await vi.waitFor(() => expect(client.isSynced).toBe(true), PATIENCE);
    client.socket.send(updateMessage(Y.encodeStateAsUpdate(doc), 1));
    client.socket.send(updateMessage(Y.encodeStateAsUpdate(doc)));
    await vi.waitFor(() => expect(client.closeCode).toBe(CLOSE.rightsTaken), PATIENCE);
    await isUntouched();
  });

  it("a removed member's open sockets close, and it may not come back; a ticket works once", async () => {
    const document = new SocketClient(dial(documentPath(), viewer.token));
    const events = dial(sockets.projectEvents.replace(":projectId", project.id), viewer.token);
    const eventsClosed = closedWith(events);
    // Until then the server may not have looked up this member's rights, and the test would prove nothing.
    await once(events, "message");
    await vi.waitFor(() => expect(document.isSynced).toBe(true), PATIENCE);
    const { ticket } = (await viewer.call("POST", "/tickets")) as { ticket: string };
    await alice.call("DELETE", `/projects/${project.id}/members/${viewer.user.id}`);
    await vi.waitFor(() => expect(document.closeCode).toBe(CLOSE.rightsTaken), PATIENCE);
    expect(await eventsClosed).toBe(CLOSE.rightsTaken);
    const withTicket = () =>
      new WebSocket(`${server.origin.replace("http", "ws")}/api${documentPath()}?ticket=${ticket}`);
    expect(await closedWith(withTicket())).toBe(CLOSE.notFound);
    expect(await closedWith(withTicket())).toBe(CLOSE.signedOut);
    await expect(viewer.readFile(project.id, "secret.txt")).rejects.toMatchObject({ status: 404 });
  });

  it("signing out closes what the sign-in opened", async () => {
    const carol = await signInAsGuest(server.origin);
    const own = await carol.createProject({ name: "Carol's" });
    const events = dial(sockets.projectEvents.replace(":projectId", own.id), carol.token);
    await once(events, "message");
    const closed = closedWith(events);
    await carol.call("POST", "/auth/logout");
    expect(await closed).toBe(CLOSE.signedOut);
    await expect(carol.call("GET", "/me")).rejects.toMatchObject({ status: 401 });
  });
});

describe("from other sites", () => {
  const post = (headers: Record<string, string>, body = "{}") =>
    fetch(`${server.origin}/api/projects`, {
      method: "POST",
      headers: { authorization: `Bearer ${bob.token}`, ...headers },
      body,
    });

  it("a page of another origin changes nothing, and no answer lets it read", async () => {
    for (const headers of [
      { origin: "https://evil.example", "content-type": "application/json" },
      { origin: "null", "content-type": "application/json" },
      { "sec-fetch-site": "cross-site", "content-type": "application/json" },
      { origin: "https://evil.example", "content-type": "text/plain" },
      { origin: "https://evil.example", "content-type": "application/x-www-form-urlencoded" },
    ])
      expect((await post(headers)).status, JSON.stringify(headers)).toBe(403);
    expect((await post({ "content-type": "text/plain" })).status).toBe(415);
    const read = await fetch(`${server.origin}/api/languages`, { headers: { origin: "https://evil.example" } });
    expect(read.headers.get("access-control-allow-origin")).toBeNull();
    const preflight = await fetch(`${server.origin}/api/projects`, {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("every kind of answer has the headers that keep browsers strict", async () => {
    for (const path of ["/", "/healthz", "/api/languages", "/api/nothing", "/nothing", "/api/openapi.json"]) {
      const { headers } = await fetch(`${server.origin}${path}`, { headers: { accept: "text/html" } });
      expect(headers.get("x-content-type-options"), path).toBe("nosniff");
      expect(headers.get("content-security-policy"), path).toMatch(/default-src 'none'.*frame-ancestors 'none'/u);
      expect(headers.get("content-security-policy"), path).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline/u);
      expect(headers.get("referrer-policy"), path).toBe("same-origin");
      expect(headers.get("permissions-policy"), path).toContain("camera=()");
      expect(headers.get("server") ?? headers.get("x-powered-by"), path).toBeNull();
    }
  });
});
