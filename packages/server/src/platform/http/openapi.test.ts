/** The API's own description: complete, well-formed, and correct about sign-in and audit. */
import { MAX_PATH_BYTES, parsePath, PATH_PATTERN, PROBLEMS, routes, type Route } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { createOpenApi } from "./openapi.ts";

type Operation = {
  operationId: string;
  security: object[];
  "x-audit"?: string;
  "x-body-limit-bytes"?: number;
  parameters: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
};
type Document = {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Record<string, unknown>>; securitySchemes: object };
};

const document = createOpenApi(routes, { version: "1.2.3", basePath: "/base" }) as unknown as Document;
const table: Route[] = Object.values(routes);
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

const refsIn = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(refsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    key === "$ref" && typeof child === "string" ? [child] : refsIn(child),
  );
};

describe("the OpenAPI document", () => {
  it("holds every route once, under its own id, and nothing else", () => {
    expect(table.length).toBeGreaterThan(35);
    expect(operations.map(({ operation }) => operation.operationId).toSorted()).toEqual(
      table.map(({ id }) => id).toSorted(),
    );
    for (const route of table) {
      const path = route.path.replaceAll(/:(\w+)/gu, "{$1}");
      expect(document.paths[path]?.[route.method.toLowerCase()]?.operationId).toBe(route.id);
    }
    expect(document.openapi).toBe("3.1.0");
    expect(document.servers).toEqual([{ url: "/base/api" }]);
  });

  it("declares each part of a path as a required parameter", () => {
    for (const { path, operation } of operations) {
      const declared = operation.parameters.filter((parameter) => parameter.in === "path");
      expect(declared.map(({ name }) => `{${name}}`).toSorted(), path).toEqual(
        (path.match(/\{\w+\}/gu) ?? []).toSorted(),
      );
      expect(declared.every(({ required }) => required)).toBe(true);
    }
  });

  it("refers only to components that exist, and has no unused definition", () => {
    const refs = new Set(refsIn(document));
    expect(refs.size).toBeGreaterThan(10);
    for (const ref of refs) {
      expect(ref).toMatch(/^#\/components\/schemas\/\w+$/u);
      expect(document.components.schemas[ref.split("/").at(-1) ?? ""], ref).toBeTypeOf("object");
    }
    expect(JSON.stringify(document)).not.toMatch(/\$defs|\$schema/u);
  });

  it("says that bodies refuse unknown fields", () => {
    const create = document.paths["/projects"]?.["post"]?.requestBody?.content["application/json"]?.schema;
    expect(create).toMatchObject({ type: "object", additionalProperties: false, required: ["name"] });
  });

  it("describes every problem that a route declares, as a problem document", () => {
    for (const route of table) {
      const operation = operations.find((candidate) => candidate.operation.operationId === route.id)?.operation;
      for (const code of route.problems) {
        const answer = operation?.responses[String(PROBLEMS[code].status)];
        expect(answer?.description, `${route.id} ${code}`).toContain(code);
        expect(answer?.content).toHaveProperty(["application/problem+json"]);
      }
    }
  });

  it("requires a token exactly where the route does, and every route that changes data has an audit action", () => {
    for (const { operation } of operations) {
      const route = table.find(({ id }) => id === operation.operationId);
      expect(operation.security, operation.operationId).toEqual(
        route?.access === "user"
          ? [{ accessToken: [] }]
          : route?.access === "optional"
            ? [{}, { accessToken: [] }]
            : [],
      );
    }
    const changes = operations.filter(({ method }) => method !== "get");
    expect(changes.length).toBeGreaterThan(20);
    for (const { operation } of changes)
      expect(operation["x-audit"], operation.operationId).toMatch(/^[a-z]+\.[a-z-]+$/u);
  });

  /** All schemas of this name in the document. */
  const named = (name: string, value: unknown = document): Record<string, unknown>[] => {
    if (Array.isArray(value)) return value.flatMap((item) => named(name, item));
    if (typeof value !== "object" || value === null) return [];
    const own = value as Record<string, unknown>;
    const parameter = own["name"] === name && own["schema"] !== undefined ? [own["schema"]] : [];
    const property = (own["properties"] as Record<string, unknown> | undefined)?.[name];
    const found = [...parameter, ...(property === undefined ? [] : [property])] as Record<string, unknown>[];
    return [...found, ...Object.values(own).flatMap((child) => named(name, child))];
  };

  it("has the rules of paths: it accepts exactly the paths that the server accepts", () => {
    const schemas = named("path").filter((schema) => schema["pattern"] !== undefined);
    expect(schemas.length).toBeGreaterThan(5);
    const [{ pattern, maxLength, minLength } = {}] = schemas;
    expect([minLength, maxLength, pattern]).toEqual([1, MAX_PATH_BYTES, PATH_PATTERN]);
    const documented = new RegExp(String(pattern), "u");
    const pieces = [
      "a",
      ".",
      "..",
      "...",
      "/",
      "\\",
      "\u0000",
      "\u007f",
      "é",
      "e\u0301",
      "😀",
      "\ud83d",
      " ",
      "a.b",
      "-",
    ];
    const { paths, accepted } = { paths: new Set<string>(), accepted: new Set<string>() };
    for (const a of pieces)
      for (const b of pieces) for (const c of pieces) for (const d of ["", ...pieces]) paths.add(a + b + c + d);
    const long = ["a".repeat(255), "a".repeat(256), `${"a/".repeat(511)}a`, `${"a/".repeat(512)}a`];
    for (const path of [...paths, ...long]) {
      const isAccepted = parsePath(path).ok;
      if (isAccepted) accepted.add(path);
      expect(documented.test(path) && path.length <= MAX_PATH_BYTES, JSON.stringify(path)).toBe(isAccepted);
    }
    expect(accepted.size).toBeGreaterThan(1_000);
    expect(paths.size - accepted.size).toBeGreaterThan(1_000);
  });

  it("has the rules of cursors, texts, settings and editor state, and the limit of each body", () => {
    expect(named("cursor").map(({ pattern, maxLength }) => [pattern, maxLength])).toContainEqual(["^[\\w-]+$", 200]);
    expect(named("nextCursor").length).toBeGreaterThan(0);
    for (const schema of named("description").filter((candidate) => candidate["maxLength"] === 1000))
      expect(schema["pattern"]).toBe(String.raw`^[^\u0000\ud800-\udfff]*$`);
    expect(document.components.schemas["PageDocument"]).toMatchObject({ propertyNames: { maxLength: 100 } });
    expect(document.components.schemas["PageDocument"]?.["description"]).toContain("64 levels");
    const limitOf = (id: string): unknown =>
      operations.find(({ operation }) => operation.operationId === id)?.operation["x-body-limit-bytes"];
    expect([limitOf("putEditorState"), limitOf("putSettings"), limitOf("getProject")]).toEqual([
      262_144,
      1_048_576,
      undefined,
    ]);
    for (const route of table.filter(({ body }) => body !== undefined))
      expect(limitOf(route.id), route.id).toBe(route.bodyLimitBytes ?? 1_048_576);
  });

  it("says that an execution has either a project or files", () => {
    const start = document.paths["/executions"]?.["post"]?.requestBody?.content["application/json"]?.schema;
    const schema = '{"$ref":"#/components/schemas/StartExecution"}';
    expect(JSON.stringify(start)).toContain(schema);
    const batch = document.paths["/executions/batch"]?.["post"]?.requestBody;
    expect(JSON.stringify(batch)).toContain(`"items":${schema}`);
    expect(JSON.stringify(document.components.schemas["StartExecution"])).toContain(
      '"oneOf":[{"required":["projectId"]},{"required":["files"]}]',
    );
  });
});
