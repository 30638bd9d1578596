/** Random and hostile values in every request of a guest: no response is 5xx, and no data of other users changes. */
import { routes, type Route } from "@atelier/contracts";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Client, signInAsGuest } from "../support/client.ts";
import { startServer, type TestServer } from "../support/server.ts";

const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const RUNS = Number(process.env["RUNS"] ?? 25);

const NASTY = [
  "\0",
  "a\0b",
  "\ud800",
  "a\udfffb",
  "'; drop table users; --",
  "$1",
  "%00",
  "../../etc/passwd",
  "..\\..\\x",
  "\u202etxt.exe",
  "<script>alert(1)</script>",
  "\r\nset-cookie: a=b",
  "{{7*7}}",
  "__proto__",
  "constructor",
  "(a+)+$",
  "a".repeat(5_000),
  "é".normalize("NFD"),
  "\u{1f600}".repeat(100),
  "-1",
  "9007199254740993",
  "1e309",
  "NaN",
  "",
];
const text = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ maxLength: 20 }),
);
const number = fc.oneof(
  fc.constantFrom(0, -1, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e308, 0.5),
  fc.integer(),
);
const anything: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(text, tie("value"), { maxKeys: 3 }),
  ),
})).value;

/** Mostly valid values of a schema, sometimes invalid ones: almost valid requests reach the most code. */
const near = (schema: unknown): fc.Arbitrary<unknown> => {
  const described = schema as {
    type?: string | string[];
    properties?: Record<string, unknown>;
    required?: string[];
  } & {
    enum?: unknown[];
    anyOf?: unknown[];
    items?: unknown;
    format?: string;
    additionalProperties?: unknown;
  };
  const right = (): fc.Arbitrary<unknown> => {
    if (described.enum !== undefined) return fc.constantFrom(...described.enum);
    if (described.anyOf !== undefined) return fc.oneof(...described.anyOf.map(near));
    switch (described.type) {
      case "string":
        return described.format === "uuid" ? fc.uuid() : text;
      case "integer":
      case "number":
        return number;
      case "boolean":
        return fc.boolean();
      case "array":
        return fc.array(near(described.items ?? {}), { maxLength: 3 });
      case "object": {
        const names = Object.keys(described.properties ?? {});
        if (names.length === 0) return fc.dictionary(text, anything, { maxKeys: 4 });
        return fc.record(Object.fromEntries(names.map((name) => [name, near(described.properties?.[name])])), {
          requiredKeys: described.required ?? [],
        });
      }
      default:
        return anything;
    }
  };
  return fc.oneof({ weight: 12, arbitrary: right() }, { weight: 1, arbitrary: anything });
};
const schemaOf = (schema: z.ZodType | undefined): unknown =>
  schema === undefined ? {} : z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });

let server: TestServer;
let alice: Client;
let mallory: Client;
let projectId = "";
beforeAll(async () => {
  server = await startServer({ env: { RATE_LIMIT_SIGN_IN: "9999999", SANDBOX: "namespaces" } });
  alice = await signInAsGuest(server.origin);
  mallory = await signInAsGuest(server.origin);
  projectId = (await alice.createProject({ name: "Alice's" })).id;
  await alice.createFile(projectId, "secret.txt", "nobody else's");
});
afterAll(() => server[Symbol.asyncDispose]());

const send = async (
  method: string,
  path: string,
  given: { readonly token?: string; readonly body?: unknown; readonly headers?: Record<string, string> },
): Promise<{ status: number; text: string }> => {
  const answer = await fetch(`${server.origin}/api${path}`, {
    method,
    headers: {
      ...(given.token === undefined ? {} : { authorization: `Bearer ${given.token}` }),
      ...(given.body === undefined ? {} : { "content-type": "application/json" }),
      ...given.headers,
    },
    ...(given.body === undefined
      ? {}
      : { body: typeof given.body === "string" ? given.body : JSON.stringify(given.body) }),
  });
  return { status: answer.status, text: await answer.text() };
};

const plain = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
const paramsOf = (route: Route): string[] => [...route.path.matchAll(/:(\w+)/gu)].map(([, name]) => name ?? "");
const all: readonly Route[] = Object.values(routes);
/** What starts sandboxes or ends the caller's sign-in is fuzzed where it is tested. */
const fuzzed = all.filter(({ id }) => !["logout", "signInAsGuest", "refresh"].includes(id));

describe(`hostile requests (SEED=${SEED})`, () => {
  it.each(fuzzed)("$method $path answers whatever it is sent, and never with a fault of ours", async (route) => {
    const own = (await mallory.createProject({ name: "own" })).id;
    await mallory.createFile(own, "a.txt", "a");
    const valueOf = (name: string): fc.Arbitrary<string> =>
      name === "projectId"
        ? fc.oneof(fc.constantFrom(own, own.toUpperCase(), projectId), text)
        : name === "userId"
          ? fc.oneof(fc.constantFrom(mallory.user.id, alice.user.id), text)
          : fc.oneof(fc.uuid(), text);
    const query = schemaOf(route.query);
    await fc.assert(
      fc.asyncProperty(
        fc.record(Object.fromEntries(paramsOf(route).map((name) => [name, valueOf(name)]))),
        near(query).map((value) => (typeof value === "object" && value !== null ? value : {})),
        near(schemaOf(route.body)),
        fc.boolean(),
        async (params, asked, body, signedIn) => {
          const path = route.path.replaceAll(/:(\w+)/gu, (_all, name: string) =>
            encodeURIComponent((params[name] ?? "x").toWellFormed()).slice(0, 900),
          );
          const search = new URLSearchParams(
            Object.entries(asked).map(([name, value]): [string, string] => [
              name.slice(0, 50),
              plain(value).slice(0, 500),
            ]),
          ).toString();
          const { status, text: answer } = await send(route.method, `${path}${search === "" ? "" : `?${search}`}`, {
            ...(signedIn ? { token: mallory.token } : {}),
            ...(route.method === "GET" ? {} : { body }),
          });
          expect(status, `${answer} for ${JSON.stringify({ path, search, body })}`).toBeLessThan(500);
          expect(answer).not.toContain("nobody else's");
        },
      ),
      { seed: SEED, numRuns: RUNS, endOnFailure: true },
    );
  });

  it("Alice's file is as it was", async () => {
    expect((await alice.readFile(projectId, "secret.txt")).content).toBe("nobody else's");
    const members = (await alice.call("GET", `/projects/${projectId}/members`)) as { members: unknown[] };
    expect(members.members).toHaveLength(1);
  });

  it("nothing secret and no content is in the log, and no line of it is forged", () => {
    const lines = server
      .output()
      .split("\n")
      .filter((line) => line !== "");
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
    for (const secret of [alice.token, mallory.token, "nobody else's"]) expect(server.output()).not.toContain(secret);
  });
});
