/** For tests: identity with a real PostgreSQL and the real edge, and a manual clock. */
import { createManualClock, type ManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import type { AuditEntry } from "#platform/audit";
import type { Registration, SignedIn } from "@atelier/contracts";
import { createInProcessBus } from "../../platform/bus/adapters/in-process-bus.ts";
import { createEdgeFixture, type EdgeFixture } from "../../platform/http/test-edge.ts";
import { openTestDatabase, type TestDatabase } from "../../platform/sql/test-database.ts";
import { createArgon2Passwords } from "./adapters/argon2-passwords.ts";
import { createCommonPasswordRules } from "./adapters/common-passwords.ts";
import { createIdentity, registerIdentityHttp, type IdentityService } from "./index.ts";

export const SECRET_KEY = new Uint8Array(32).fill(7);

/** A client that keeps the cookie like a browser. */
export type TestClient = {
  cookie: string | undefined;
  accessToken: string | undefined;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Calls a sign-in route and keeps its tokens. */
  signIn(path: string, body?: unknown): Promise<SignedIn>;
};

export type TestIdentity = AsyncDisposable & {
  readonly identity: IdentityService;
  readonly database: TestDatabase;
  readonly clock: ManualClock;
  readonly audited: readonly AuditEntry[];
  readonly edge: EdgeFixture;
  /** The hashes that passwords were compared with. */
  readonly comparedHashes: readonly string[];
  /** Sign-ins whose end was announced. */
  readonly ended: readonly string[];
  readonly origin: string;
  client(): TestClient;
};

const createClient = (origin: string): TestClient => {
  const client: TestClient = {
    cookie: undefined,
    accessToken: undefined,
    async call(method, path, body, headers = {}) {
      const answer = await fetch(`${origin}/api${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(client.cookie === undefined ? {} : { cookie: client.cookie }),
          ...(client.accessToken === undefined ? {} : { authorization: `Bearer ${client.accessToken}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const [line] = answer.headers.getSetCookie();
      if (line !== undefined) client.cookie = line.split(";")[0];
      return answer;
    },
    async signIn(path, body) {
      const answer = await client.call("POST", path, body);
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
      const signedIn = (await answer.json()) as SignedIn;
      client.accessToken = signedIn.accessToken;
      return signedIn;
    },
  };
  return client;
};

export const startTestIdentity = async (
  options: { guests?: boolean; https?: boolean; registration?: Registration } = {},
): Promise<TestIdentity> => {
  const database = await openTestDatabase();
  const clock = createManualClock(Date.now());
  const bus = createInProcessBus(silentLog);
  const ended: string[] = [];
  const passwords = createArgon2Passwords();
  const comparedHashes: string[] = [];
  bus.subscribe("sign-in-ended", ({ signInId }) => void ended.push(signInId));
  const identity = createIdentity({
    sql: database.sql,
    bus,
    clock,
    log: silentLog,
    passwords: {
      ...passwords,
      verify(hash, password) {
        comparedHashes.push(hash);
        return passwords.verify(hash, password);
      },
    },
    usage: {
      limitsOf: () => ({ wallMs: 1, memoryBytes: 1, concurrentExecutions: 1, projectBytes: 1 }),
      usageOf: async () => ({ projects: 0, storageBytes: 0, documentCpuMs: 0 }),
    },
    secretKey: SECRET_KEY,
    guests: options.guests ?? true,
    registration: options.registration ?? "open",
    passwordRules: createCommonPasswordRules(),
  });
  await identity.start(new AbortController().signal);
  const edge = createEdgeFixture({ authenticator: identity, https: options.https ?? false });
  registerIdentityHttp(edge.server, identity, { https: options.https ?? false });
  const origin = await edge.listen();
  return {
    identity,
    database,
    clock,
    audited: edge.audited,
    edge,
    comparedHashes,
    ended,
    origin,
    client: () => createClient(origin),
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]();
      await identity[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
};
