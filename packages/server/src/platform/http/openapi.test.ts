/** The API's own description: complete, well-formed, and true about what needs a sign-in or leaves a trace. */
import { PROBLEMS, routes, type Route } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { createOpenApi } from "./openapi.ts";

type Operation = {
  operationId: string;
  security: object[];
  "x-audit"?: string;
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

  it("refers only to components that exist, and leaves no definition behind", () => {
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

  it("asks for a token exactly where the route does, and every change leaves an audit row", () => {
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
});
