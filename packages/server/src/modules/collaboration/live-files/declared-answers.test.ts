/** Checks the API's description against the routes: their problem codes, headers and responses. */
import { routes, type ProblemBody } from "@atelier/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Problem } from "#kernel/problem";
import { createOpenApi } from "../../../platform/http/openapi.ts";
import { actorNamed, callAs, createEdgeFixture } from "../../../platform/http/test-edge.ts";
import { bindTestRoutes, openTestLiveFiles, type TestLiveFiles } from "./test-live-files.ts";

type Operation = {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
};
const { paths } = createOpenApi(routes, { version: "1", basePath: "" }) as {
  paths: Record<string, Record<string, Operation>>;
};
const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
const described = (id: string): Operation => {
  const found = operations.find(({ operationId }) => operationId === id);
  if (found === undefined) throw new Error(`no operation ${id}`);
  return found;
};

let projects: TestLiveFiles;
const edge = createEdgeFixture();
let origin: string;
beforeAll(async () => {
  projects = await openTestLiveFiles({ limits: { mostBytes: 100, mostNodes: 4 }, mostAccountBytes: 250 });
  await projects.admin.query("insert into users (id, kind, name) values ($1, 'guest', 'alice')", [
    actorNamed("alice").userId,
  ]);
  bindTestRoutes(edge.server, projects);
  origin = await edge.listen();
});
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
  await projects[Symbol.asyncDispose]();
});

const call = async (method: string, path: string, body?: unknown): Promise<ProblemBody & { id: string }> => {
  const answer = await callAs("alice", `${origin}/api${path}`, { method, body });
  return answer.headers.get("content-type")?.includes("json") === true
    ? ((await answer.json()) as ProblemBody & { id: string })
    : ({ code: undefined } as never);
};

test("[P22] every code that a route answers with is described", async () => {
  const { id } = await call("POST", "/projects", { name: "Test" });
  const put = (path: string, content: string) => call("PUT", `/projects/${id}/files`, { path, content });
  await call("POST", `/projects/${id}/files`, { path: "a", content: "x".repeat(60) });
  await put("a", "small");
  await call("POST", `/projects/${id}/files`, { path: "b", content: "y".repeat(60) });
  await call("POST", `/projects/${id}/folders`, { path: "folder" });
  const restore = (path: string) => call("POST", `/projects/${id}/files/restore`, { path, version: 1 });
  const answers: [keyof typeof routes, string, ProblemBody][] = [
    ["restoreVersion", "projects/too-large", await restore("a")],
    ["restoreVersion", "projects/not-a-file", await restore("folder")],
    ["move", "projects/too-many-files", await call("POST", `/projects/${id}/move`, { from: "a", to: "deep/er/a" })],
  ];
  projects.onCheckpoint = () => Promise.reject(new Problem("collaboration/document-unavailable"));
  for (const [route, path] of [
    ["readFile", "files"],
    ["readRawFile", "files/raw"],
  ] as const) {
    const answer = await call("GET", `/projects/${id}/${path}?path=a`);
    answers.push([route, "collaboration/document-unavailable", answer]);
  }
  projects.onCheckpoint = async () => undefined;
  for (const letter of ["1", "2", "3"]) await put("b", letter.repeat(60));
  const made = await call("POST", "/projects", { name: "Test", template: "python" });
  answers.push(["createProject", "projects/too-large", made]);

  for (const [route, code, answer] of answers) {
    expect([route, answer.code]).toEqual([route, code]);
    expect(described(route).responses[String(answer.status)]?.description ?? "", route).toContain(`\`${code}\``);
  }
});

test.each([
  ["createFile", ["Idempotency-Key"]],
  ["putFile", ["If-Match", "Idempotency-Key"]],
])("[P22] the headers that %s reads are described, and none is required", (id, names) => {
  const headers = described(id).parameters.filter((parameter) => parameter.in === "header");
  expect(headers.map(({ name }) => name)).toEqual(names);
  expect(headers.some(({ required }) => required)).toBe(false);
});

test("[P22] every answer with a file names its ETag", () => {
  for (const id of ["createFile", "readFile", "readRawFile", "putFile", "restoreVersion"]) {
    const { responses } = described(id);
    const good = responses["200"] ?? responses["201"];
    expect(good, id).toHaveProperty("headers.ETag");
  }
});
