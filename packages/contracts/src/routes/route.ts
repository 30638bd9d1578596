/** One declaration per operation: the server validates requests with it, the OpenAPI document is generated from it, the page's client uses it. */
import type { z } from "zod";
import type { ProblemCode } from "../problem.ts";

export type RouteMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Which limit a request counts against. */
export type RateClass = "read" | "write" | "sign-in" | "execute" | "export" | "import";

export type Route = {
  /** operationId in OpenAPI. */
  readonly id: string;
  readonly method: RouteMethod;
  /** Below `/api`; parameters as `:name`. */
  readonly path: `/${string}`;
  readonly summary: string;
  /** Whether a valid access token is needed (`user`), used when it is sent (`optional`), or ignored (`anyone`). */
  readonly access: "user" | "optional" | "anyone";
  readonly rate: RateClass;
  /** Name of the audit row that a success writes; null only for routes that change no data. */
  readonly audit: string | null;
  /** True when refusals are also written to the audit log, as `<audit>-refused` with the problem's code as target. */
  readonly auditRefusals?: boolean;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** The media types of a body that the handler reads as it arrives, instead of `body`. Its size limit is the handler's. */
  readonly streamedBody?: readonly string[];
  /** Optional headers that only this route reads: name -> meaning. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers of its success responses: name -> meaning. */
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** Bodies above this are refused with request/too-large; absent: 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** Success status -> body schema; null: no body. `binary`: bytes; `stream`: bytes of unknown length. */
  readonly responses: Readonly<Record<number, z.ZodType | null | "binary" | "stream">>;
  /** Problem codes in addition to those of every route. */
  readonly problems: readonly ProblemCode[];
};

/** Declares a route; the type parameter keeps its schemas' types. */
export const defineRoute = <const R extends Route>(route: R): R => route;

/** The header of requests that may be repeated. */
export const IDEMPOTENCY_KEY = {
  "Idempotency-Key":
    "1 to 200 visible ASCII characters of the caller's choice: the same request under the same key gets the first answer again",
} as const;

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type Sent<S> = S extends z.ZodType ? z.input<S> : undefined;
type Body<S> = S extends z.ZodType
  ? z.output<S>
  : S extends "binary"
    ? Uint8Array
    : S extends "stream"
      ? AsyncIterable<Uint8Array>
      : undefined;

export type RouteParams<R extends Route> = Parsed<R["params"]>;
export type RouteQuery<R extends Route> = Parsed<R["query"]>;
export type RouteBody<R extends Route> = R["streamedBody"] extends readonly string[]
  ? AsyncIterable<Uint8Array>
  : Parsed<R["body"]>;
export type RouteQueryInput<R extends Route> = Sent<R["query"]>;
export type RouteBodyInput<R extends Route> = Sent<R["body"]>;
export type RouteParamsInput<R extends Route> = Sent<R["params"]>;
/** The union of the success bodies. */
export type RouteAnswer<R extends Route> = Body<R["responses"][keyof R["responses"]]>;
