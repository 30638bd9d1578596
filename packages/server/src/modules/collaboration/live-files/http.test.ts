import { routes, type File, type ProblemBody } from "@atelier/contracts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { actorNamed, callAs, createEdgeFixture } from "../../../platform/http/test-edge.ts";
import { bindTestRoutes, openTestLiveFiles, type TestLiveFiles } from "./test-live-files.ts";
import { readZip } from "./test-zip.ts";

let projects: TestLiveFiles;
const edge = createEdgeFixture();
let origin: string;
let projectId: string;

beforeAll(async () => {
  projects = await openTestLiveFiles();
  for (const name of ["alice", "bob"]) {
    await projects.admin.query("insert into users (id, kind, name) values ($1, 'guest', $2)", [
      actorNamed(name).userId,
      name,
    ]);
  }
  bindTestRoutes(edge.server, projects);
  origin = await edge.listen();
  projectId = ((await (await call("POST", "/projects", { name: "Test", template: "python" })).json()) as { id: string })
    .id;
});
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
  await projects[Symbol.asyncDispose]();
});

type Extra = { readonly as?: "alice" | "bob"; readonly headers?: Record<string, string> };
const call = (method: string, path: string, body?: unknown, { as = "alice", headers = {} }: Extra = {}) =>
  callAs(as, `${origin}/api${path}`, { method, body, headers });
const files = (query = "") => `/projects/${projectId}/files${query}`;
const problem = async (answer: Response): Promise<ProblemBody & { http: number }> => ({
  ...((await answer.json()) as ProblemBody),
  http: answer.status,
});

describe("the routes of projects", () => {
  test("[P22] every route but those of later modules is bound", () => {
    const bound = Object.entries(routes)
      .filter(([id, { path }]) => (path.startsWith("/projects") || path.startsWith("/links")) && id !== "liveSessions")
      .map(([, route]) => route)
      .filter(({ id }) => !/xecution|onfiguration|review/u.test(id));
    expect(bound.length).toBeGreaterThan(24);
    for (const route of bound)
      expect(() => edge.server.bind(route, () => Promise.reject(new Error()))).toThrow(/bound/u);
  });

  test("[P29] an id in capitals is the same id: locks, live documents and events know it by one spelling", async () => {
    const path = "capitals.txt";
    await call("POST", files(), { path, content: "1" });
    const since = [projects.liveCalls.length, projects.published.length] as const;
    const capitals = (route: string) => `/projects/${projectId.toUpperCase()}${route}`;
    expect((await call("PUT", capitals("/files"), { path, content: "2" })).status).toBe(200);
    expect((await call("GET", capitals(`/files?path=${path}`))).status).toBe(200);
    const bob = actorNamed("bob").userId;
    const member = await call("PUT", capitals(`/members/${bob.toUpperCase()}`), { role: "viewer" });
    expect(await member.json()).toMatchObject({ userId: bob });
    expect((await call("DELETE", capitals(`/members/${bob.toUpperCase()}`))).status).toBe(204);
    const calls = projects.liveCalls.slice(since[0]);
    expect(calls.map(({ call: name, projectId: id }) => [name, id])).toEqual([
      ["applyExternal", projectId],
      ["checkpoint", projectId],
    ]);
    const events = projects.published.slice(since[1]).filter(({ topic }) => topic === "rights-changed");
    expect(events.map(({ message }) => message)).toEqual([
      { projectId, userId: bob },
      { projectId, userId: bob },
    ]);
  });

  test("[P22] a file's life over HTTP: created, read with its ETag, saved with If-Match, stale, deleted", async () => {
    const created = await call("POST", files(), { path: "a b/é.txt", content: "one\r\ntwo\r\n" });
    expect(created.status).toBe(201);
    expect(created.headers.get("etag")).toBe('"1"');
    const made = (await created.json()) as File;
    expect(made).toMatchObject({
      path: "a b/é.txt",
      kind: "file",
      version: 1,
      eol: "crlf",
      mediaType: "text/plain",
      size: 10,
    });
    expect(made).not.toHaveProperty("content");

    const query = `?path=${encodeURIComponent("a b/é.txt")}`;
    const read = await call("GET", files(query));
    expect(read.headers.get("etag")).toBe('"1"');
    expect(await read.json()).toEqual({ ...made, content: "one\r\ntwo\r\n", encoding: "utf-8" });

    const saved = await call("PUT", files(), { path: "a b/é.txt", content: "new" }, { headers: { "if-match": '"1"' } });
    expect([saved.status, saved.headers.get("etag")]).toEqual([200, '"2"']);
    const stale = await call("PUT", files(), { path: "a b/é.txt", content: "late", version: 1 });
    expect(await problem(stale)).toMatchObject({ http: 412, code: "projects/version-conflict", currentVersion: 2 });
    for (const ifMatch of ["2", 'W/"2"', '"x"', '"1", "2"']) {
      const answer = await call(
        "PUT",
        files(),
        { path: "a b/é.txt", content: "x" },
        { headers: { "if-match": ifMatch } },
      );
      expect((await problem(answer)).code).toBe("request/invalid");
    }
    const history = (await (await call("GET", `/projects/${projectId}/files/history${query}`)).json()) as {
      versions: unknown[];
    };
    expect(history.versions).toHaveLength(2);
    expect((await call("DELETE", files(query))).status).toBe(204);
    expect(await problem(await call("GET", files(query)))).toMatchObject({ http: 404, code: "projects/no-such-file" });
  });

  test("[P22] raw bytes are an attachment that no browser sniffs, whatever the name", async () => {
    const path = 'x";\u00e9.html';
    await call("POST", files(), { path, content: "<script>alert(1)</script>" });
    const raw = await call("GET", `/projects/${projectId}/files/raw?path=${encodeURIComponent(path)}`);
    expect(raw.headers.get("content-type")).toBe("application/octet-stream");
    expect(raw.headers.get("x-content-type-options")).toBe("nosniff");
    expect(raw.headers.get("content-disposition")).toBe(
      `attachment; filename="x_;_.html"; filename*=UTF-8''x%22%3B%C3%A9.html`,
    );
    expect(await raw.text()).toBe("<script>alert(1)</script>");
  });

  test("[P22] bytes that are no text are answered as base64", async () => {
    const content = Buffer.from([0xff, 0xfe, 0]).toString("base64");
    await call("POST", files(), { path: "b.bin", content, encoding: "base64" });
    expect(await (await call("GET", files("?path=b.bin"))).json()).toMatchObject({ content, encoding: "base64" });
  });

  test("[P8] a repeated Idempotency-Key returns the first response; an invalid one is refused", async () => {
    const headers = { "idempotency-key": "made-once" };
    const first = await (await call("POST", files(), { path: "once.txt", content: "x" }, { headers })).json();
    const again = await call("POST", files(), { path: "once.txt", content: "x" }, { headers });
    expect([again.status, await again.json()]).toEqual([201, first]);
    const other = await call("POST", files(), { path: "once.txt", content: "y" }, { headers });
    expect(await problem(other)).toMatchObject({ http: 422, code: "projects/idempotency-mismatch" });
    const bad = await call("POST", files(), { path: "z", content: "" }, { headers: { "idempotency-key": "a b" } });
    expect((await problem(bad)).code).toBe("request/invalid");
  });

  test("[P1] every route of another user's project is 404; a field that a route does not declare is 400", async () => {
    const reads = [
      "",
      "/tree",
      "/files?path=main.py",
      "/files/raw?path=main.py",
      "/files/history?path=main.py",
      "/members",
      "/links",
    ];
    for (const path of [...reads, "/editor-state"]) {
      const answer = await call("GET", `/projects/${projectId}${path}`, undefined, { as: "bob" });
      expect([path, answer.status]).toEqual([path, 404]);
    }
    for (const extra of [{ ownerId: projectId }, { role: "owner" }, { id: projectId }]) {
      expect((await call("PATCH", `/projects/${projectId}`, { name: "x", ...extra })).status).toBe(400);
    }
  });

  test("[P9] an unpaired surrogate is refused in every text, and nothing of it is written", async () => {
    const half = String.raw`x\ud800y`;
    const before = await (await call("GET", `/projects/${projectId}/tree`)).json();
    const texts: Array<[string, string, string]> = [
      ["POST", "/projects", `{"name": "${half}"}`],
      ["POST", "/projects", `{"name": "P", "description": "${half}"}`],
      ["POST", "/projects", `{"name": "P", "template": "${half}"}`],
      ["PATCH", `/projects/${projectId}`, `{"name": "${half}"}`],
      ["POST", `/projects/${projectId}/fork`, `{"name": "${half}"}`],
      ["POST", files(), `{"path": "${half}", "content": ""}`],
      ["POST", files(), `{"path": "half.txt", "content": "${half}"}`],
      ["PUT", files(), `{"path": "main.py", "content": "${half}"}`],
      ["PUT", files(), `{"path": "main.py", "content": "${half}", "encoding": "base64"}`],
      ["POST", `/projects/${projectId}/folders`, `{"path": "${half}"}`],
      ["POST", `/projects/${projectId}/move`, `{"from": "main.py", "to": "${half}"}`],
      ["PUT", `/projects/${projectId}/editor-state`, `{"tabs": ["${half}"]}`],
      ["PUT", `/projects/${projectId}/editor-state`, `{"${half}": 1}`],
    ];
    for (const [method, path, body] of texts) {
      const headers = { authorization: "Bearer token-of-alice", "content-type": "application/json" };
      const answer = await fetch(`${origin}/api${path}`, { method, headers, body });
      expect([answer.status, method, path, body]).toEqual([400, method, path, body]);
    }
    expect(await (await call("GET", `/projects/${projectId}/tree`)).json()).toEqual(before);
  });

  test("[P4] a share link needs a valid end time in the future", async () => {
    const link = (expiresAt: string) => call("POST", `/projects/${projectId}/links`, { role: "viewer", expiresAt });
    const endless = `2030-01-01T00:00:00.${"0".repeat(500)}Z`;
    for (const expiresAt of ["0000-01-01T00:00:00Z", "0000-12-31T23:59:59.999Z", endless]) {
      const refused = await problem(await link(expiresAt));
      expect([refused.http, refused.code, refused.faults?.[0]?.at]).toEqual([400, "request/invalid", "body.expiresAt"]);
    }
    for (const expiresAt of ["0001-01-01T00:00:00Z", "2020-01-01T00:00:00Z", new Date().toISOString()]) {
      const refused = await problem(await link(expiresAt));
      expect([refused.http, refused.faults?.[0]]).toEqual([
        400,
        { at: "body.expiresAt", message: "This time is in the past." },
      ]);
    }
    const made = await link("9999-12-31T23:59:59.999Z");
    expect(made.status).toBe(201);
    expect(((await made.json()) as { expiresAt: string }).expiresAt).toBe("9999-12-31T23:59:59.999Z");
  });

  test("[P4] a link is made, listed with its address, accepted and revoked", async () => {
    const link = (await (await call("POST", `/projects/${projectId}/links`, { role: "viewer" })).json()) as {
      id: string;
      token: string;
    };
    const again = await call("POST", `/projects/${projectId}/links`, { role: "viewer" });
    expect([again.status, ((await again.json()) as { id: string }).id]).toEqual([200, link.id]);
    const listed = await (await call("GET", `/projects/${projectId}/links`)).json();
    expect(listed).toMatchObject({
      links: expect.arrayContaining([expect.objectContaining({ id: link.id, people: 0 })]),
    });
    expect(JSON.stringify(listed)).toContain(`"url":"http://localhost:3000/s/${link.token}"`);
    const joined = await call("POST", `/links/${link.token}/accept`, undefined, { as: "bob" });
    expect(await joined.json()).toMatchObject({ id: projectId, role: "viewer", owner: { name: "alice" } });
    const write = await call("PUT", files(), { path: "main.py", content: "x" }, { as: "bob" });
    expect(await problem(write)).toMatchObject({ http: 403, code: "projects/role-too-low" });
    const gone = await call("DELETE", `/projects/${projectId}/members/${actorNamed("bob").userId}`, undefined, {
      as: "bob",
    });
    expect(gone.status).toBe(204);
    expect((await call("DELETE", `/projects/${projectId}/links/${link.id}`)).status).toBe(204);
    expect((await call("POST", `/links/${link.token}/accept`, undefined, { as: "bob" })).status).toBe(404);
  });

  test("[P31] a fork names the copy in the audit trail, and takes a body or none", async () => {
    const copied = await call("POST", `/projects/${projectId}/fork`);
    expect(copied.status).toBe(201);
    const copy = (await copied.json()) as { id: string; name: string };
    expect(copy.name).toBe("Test copy");
    expect(edge.audited.at(-1)).toMatchObject({ action: "project.fork", projectId: copy.id, target: projectId });
    const named = await call("POST", `/projects/${projectId}/fork`, { name: "Mine" });
    expect(await named.json()).toMatchObject({ name: "Mine", role: "owner" });
    expect((await call("POST", `/projects/${projectId}/fork`, { ownerId: projectId })).status).toBe(400);
    expect((await call("POST", `/projects/${projectId}/fork`, undefined, { as: "bob" })).status).toBe(404);
  });

  test("[P32] an export is an attachment named after the project; a failure while it is sent cuts the answer", async () => {
    const { id } = (await (await call("POST", "/projects", { name: "Ärger / 1" })).json()) as { id: string };
    for (let at = 0; at < 70; at++)
      await call("POST", `/projects/${id}/files`, { path: `${at}.txt`, content: String(at) });
    const answer = await call("GET", `/projects/${id}/export`);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/zip",
      "content-disposition": `attachment; filename="_rger - 1.zip"; filename*=UTF-8''%C3%84rger%20-%201.zip`,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    expect(readZip(Buffer.from(await answer.arrayBuffer()))).toHaveLength(70);
    expect((await call("GET", `/projects/${id}/export`, undefined, { as: "bob" })).status).toBe(404);
    const { rows } = await projects.admin.query<{ storage_key: string }>(
      `delete from blob_staging where storage_key in (
          select b.storage_key from nodes n join blob_references b on b.hash = n.hash and b.owner_id = $1
            where n.project_id = $2 and n.name = '66.txt') returning storage_key`,
      [actorNamed("alice").userId, id],
    );
    await projects.blobs.delete(rows[0]?.storage_key ?? "");
    const cut = await call("GET", `/projects/${id}/export`);
    await expect(cut.arrayBuffer()).rejects.toThrow();
    expect(edge.logged.some((line) => JSON.stringify(line).includes("http.stream-failed"))).toBe(true);
  });

  test("[P22] changes are named in the audit trail with project and target", () => {
    const actions = new Set(edge.audited.map(({ action }) => action));
    for (const action of [
      "project.create",
      "file.create",
      "file.put",
      "file.delete",
      "project.link-create",
      "project.link-accept",
    ]) {
      expect(actions).toContain(action);
    }
  });
});
