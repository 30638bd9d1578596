/** The OpenAPI 3.1 document, generated from the route table and the schemas that validate requests. */
import { PROBLEMS, type ProblemCode, ProblemSchema, type Route } from "@atelier/contracts";
import { z } from "zod";

type Json = Record<string, unknown>;

/** The limit of bodies whose route sets none. */
export const DEFAULT_BODY_BYTES = 1_048_576;

/** Problems of every operation, in addition to its own. */
const COMMON: readonly ProblemCode[] = [
  "request/invalid",
  "request/rate-limited",
  "server/internal",
  "server/unavailable",
  "server/stopping",
];
const SIGNED_IN: readonly ProblemCode[] = ["identity/sign-in-required", "identity/token-invalid"];
const CHANGING: readonly ProblemCode[] = [
  "request/cross-site",
  "request/too-large",
  "request/unsupported-media-type",
  "server/storage-full",
];

/** Turns schemas into JSON Schema; schemas with an id become components. */
const createComponents = () => {
  const schemas: Json = {};
  const relink = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(relink);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [
        key,
        key === "$ref" && typeof child === "string"
          ? child.replace(/^#\/\$defs\//u, "#/components/schemas/")
          : relink(child),
      ]),
    );
  };
  const convert = (schema: z.ZodType, io: "input" | "output"): Json => {
    const { $schema: _dialect, $defs, ...own } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
    for (const [id, definition] of Object.entries(($defs ?? {}) as Json)) schemas[id] ??= relink(definition);
    const id = schema.meta()?.id;
    if (id === undefined) return relink(own) as Json;
    schemas[id] ??= relink(own);
    return { $ref: `#/components/schemas/${id}` };
  };
  return { schemas, convert };
};
type Components = ReturnType<typeof createComponents>;

const parameters = (route: Route, components: Components): Json[] => {
  const list = (schema: z.ZodType | undefined, location: "path" | "query"): Json[] => {
    if (schema === undefined) return [];
    const { properties = {}, required = [] } = components.convert(schema, "input") as {
      properties?: Json;
      required?: string[];
    };
    return Object.entries(properties).map(([name, shape]) => ({
      name,
      in: location,
      required: location === "path" || required.includes(name),
      schema: shape,
    }));
  };
  const headers = Object.entries(route.headers ?? {}).map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }));
  return [...list(route.params, "path"), ...list(route.query, "query"), ...headers];
};

const STATUS_TEXT: Readonly<Record<number, string>> = {
  200: "Done",
  201: "Made",
  202: "Accepted",
  204: "Done; no body",
};

const headersOf = (meanings: Readonly<Record<string, string>>): Json =>
  Object.fromEntries(
    Object.entries(meanings).map(([name, description]) => [name, { description, schema: { type: "string" } }]),
  );

const responses = (route: Route, components: Components): Json => {
  const answers: Json = {};
  for (const [status, schema] of Object.entries(route.responses)) {
    const content =
      schema === null
        ? undefined
        : schema === "binary" || schema === "stream"
          ? { "application/octet-stream": {} }
          : { "application/json": { schema: components.convert(schema, "output") } };
    answers[status] = {
      description: STATUS_TEXT[Number(status)] ?? "Done",
      ...(route.answerHeaders === undefined ? {} : { headers: headersOf(route.answerHeaders) }),
      ...(content === undefined ? {} : { content }),
    };
  }
  const codes = [
    ...COMMON,
    ...(route.access === "user" ? SIGNED_IN : []),
    ...(route.method === "GET" ? [] : CHANGING),
    ...route.problems,
  ];
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set(codes))
    byStatus.set(PROBLEMS[code].status, [...(byStatus.get(PROBLEMS[code].status) ?? []), code]);
  for (const [status, list] of byStatus) {
    answers[status] = {
      description: list.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(" "),
      ...(status === 429 || status === 503
        ? { headers: { "Retry-After": { description: "Seconds", schema: { type: "integer" } } } }
        : {}),
      content: { "application/problem+json": { schema: components.convert(ProblemSchema, "output") } },
    };
  }
  return answers;
};

const operation = (route: Route, components: Components): Json => ({
  operationId: route.id,
  summary: route.summary,
  tags: [route.path.split("/")[1] ?? ""],
  security:
    route.access === "user" ? [{ accessToken: [] }] : route.access === "optional" ? [{}, { accessToken: [] }] : [],
  ...(route.audit === null ? {} : { "x-audit": route.audit }),
  "x-rate-class": route.rate,
  // A larger body is refused with request/too-large.
  ...(route.body === undefined ? {} : { "x-body-limit-bytes": route.bodyLimitBytes ?? DEFAULT_BODY_BYTES }),
  parameters: parameters(route, components),
  ...(route.streamedBody === undefined
    ? {}
    : {
        requestBody: {
          required: true,
          content: Object.fromEntries(route.streamedBody.map((mediaType) => [mediaType, {}])),
        },
      }),
  ...(route.body === undefined
    ? {}
    : {
        requestBody: {
          required: !route.body.safeParse(undefined).success,
          content: { "application/json": { schema: components.convert(route.body, "input") } },
        },
      }),
  responses: responses(route, components),
});

/** @param options.basePath empty, or `/name` */
export const createOpenApi = (
  routes: Readonly<Record<string, Route>>,
  options: { readonly version: string; readonly basePath: string },
): Json => {
  const components = createComponents();
  const paths: Record<string, Json> = {};
  for (const route of Object.values(routes)) {
    const path = route.path.replace(/:(\w+)/gu, "{$1}");
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route, components);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Atelier",
      version: options.version,
      description:
        "Every error is a problem (RFC 9457) with a stable code. Sockets are described in docs/architecture.md.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: `${options.basePath}/api` }],
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: { accessToken: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
  };
};
