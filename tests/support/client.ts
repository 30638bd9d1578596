/** A plain client of the public API for tests and benchmarks: what a stranger's script would do, over fetch and ws. */
import { WebSocket } from "ws";
import type { Execution, File, Project, SignedIn } from "@atelier/contracts";

/** An answer that was not a success. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: unknown;
  constructor(status: number, body: unknown) {
    super(`${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
  }
}

export type Client = Awaited<ReturnType<typeof signInAsGuest>>;

const ask = async (url: string, init: RequestInit): Promise<unknown> => {
  const response = await fetch(url, init);
  const text = await response.text();
  const body: unknown = text === "" ? undefined : JSON.parse(text);
  if (!response.ok) throw new ApiError(response.status, body);
  return body;
};

/** @param origin such as `http://127.0.0.1:3000`. */
export const signInAsGuest = async (origin: string) => {
  const signedIn = (await ask(`${origin}/api/auth/guest`, { method: "POST" })) as SignedIn;
  const token = signedIn.accessToken;
  const call = (method: string, path: string, body?: unknown): Promise<unknown> =>
    ask(`${origin}/api${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    origin,
    token,
    user: signedIn.user,
    call,
    createProject: async (body: Record<string, unknown>) => (await call("POST", "/projects", body)) as Project,
    createFile: async (projectId: string, path: string, content: string) =>
      (await call("POST", `/projects/${projectId}/files`, { path, content })) as File,
    readFile: async (projectId: string, path: string) =>
      (await call("GET", `/projects/${projectId}/files?path=${encodeURIComponent(path)}`)) as File,
    putFile: async (projectId: string, path: string, content: string, version?: number) =>
      (await call("PUT", `/projects/${projectId}/files`, {
        path,
        content,
        ...(version === undefined ? {} : { version }),
      })) as File,
    startExecution: async (body: Record<string, unknown>) => (await call("POST", "/executions", body)) as Execution,
    runToEnd: async (body: Record<string, unknown>) => (await call("POST", "/executions?wait=true", body)) as Execution,
    openSocket: (path: string) =>
      new WebSocket(`${origin.replace("http", "ws")}/api${path}`, {
        headers: { authorization: `Bearer ${token}` },
      }),
  };
};
