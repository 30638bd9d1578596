/** One request of the route table over fetch: addresses, JSON, problems; no sign-in and no retries. */
import type { Route, RouteAnswer, RouteBodyInput, RouteParamsInput, RouteQueryInput } from "@atelier/contracts";
import { problemFrom, Unreachable } from "./api-problem.ts";

type Given<K extends string, T> = [T] extends [undefined]
  ? unknown
  : Record<never, never> extends T
    ? { readonly [key in K]?: T }
    : { readonly [key in K]: T };

/** What a route needs to be called, from its schemas. `keepalive` lets the request outlive the page. */
export type CallInput<R extends Route> = Given<"params", RouteParamsInput<R>> &
  Given<"query", RouteQueryInput<R>> &
  Given<"body", RouteBodyInput<R>> & { readonly signal?: AbortSignal; readonly keepalive?: boolean };

/** The same, as the transport sees it. */
export type LooseInput = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly keepalive?: boolean;
  /** The cookie is neither sent nor changed: only the access token says who asks. */
  readonly withoutCookie?: boolean;
};

export type Transport = <R extends Route>(
  route: R,
  input: LooseInput,
  accessToken: string | undefined,
) => Promise<RouteAnswer<R>>;

/** Below the base path: `/api/projects/…?path=…`. */
export const routeAddress = (route: Pick<Route, "path">, input: LooseInput): string => {
  const path = route.path.replaceAll(/:(?<name>\w+)/gu, (_, name: string) =>
    encodeURIComponent(input.params?.[name] ?? ""),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const search = query.toString();
  return `/api${path}${search === "" ? "" : `?${search}`}`;
};

/**
 * @throws ApiProblem for an error answer, Unreachable when there is none; the signal's reason when aborted.
 */
export const createTransport =
  ({ basePath, fetch }: { basePath: string; fetch: typeof globalThis.fetch }): Transport =>
  async <R extends Route>(route: R, input: LooseInput, accessToken: string | undefined) => {
    const headers = new Headers({ accept: "application/json" });
    if (accessToken !== undefined) headers.set("authorization", `Bearer ${accessToken}`);
    if (input.body !== undefined) headers.set("content-type", "application/json");
    const request: RequestInit = {
      method: route.method,
      headers,
      credentials: input.withoutCookie ? "omit" : "same-origin",
    };
    if (input.body !== undefined) request.body = JSON.stringify(input.body);
    if (input.signal) request.signal = input.signal;
    if (input.keepalive) request.keepalive = true;
    let response: Response;
    try {
      response = await fetch(`${basePath}${routeAddress(route, input)}`, request);
    } catch (error) {
      input.signal?.throwIfAborted();
      throw new Unreachable("no answer", { cause: error });
    }
    if (!response.ok) throw await problemFrom(response);
    if (response.status === 204) return undefined as RouteAnswer<R>;
    return (await response.json()) as RouteAnswer<R>;
  };

/** A route's answer as bytes. @throws ApiProblem for an error answer, Unreachable when there is none */
export const fetchFile = async (
  basePath: string,
  route: Pick<Route, "path" | "method">,
  input: LooseInput,
  accessToken: string | undefined,
): Promise<Blob> => {
  const headers = accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` };
  let response: Response;
  try {
    response = await fetch(`${basePath}${routeAddress(route, input)}`, { method: route.method, headers });
  } catch (error) {
    throw new Unreachable("no answer", { cause: error });
  }
  if (!response.ok) throw await problemFrom(response);
  try {
    return await response.blob();
  } catch (error) {
    throw new Unreachable("the answer broke off", { cause: error });
  }
};
