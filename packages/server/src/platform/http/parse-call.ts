/** Parses parameters, query and body of a request with its route's schemas, before the handler is called. */
import { Problem } from "#kernel/problem";
import { MAX_JSON_DEPTH, type Route } from "@atelier/contracts";
import type { z } from "zod";

const MAX_FAULTS = 20;

/** True when objects and arrays are nested too deeply for recursive code. */
const isTooDeep = (value: unknown): boolean => {
  const waiting: { value: object; depth: number }[] = [];
  const look = (candidate: unknown, depth: number): void => {
    if (typeof candidate === "object" && candidate !== null) waiting.push({ value: candidate, depth });
  };
  look(value, 1);
  for (;;) {
    const next = waiting.pop();
    if (next === undefined) return false;
    if (next.depth > MAX_JSON_DEPTH) return true;
    for (const child of Object.values(next.value)) look(child, next.depth + 1);
  }
};

/** What a schema found wrong in a part of a request. */
export const invalidRequest = (part: string, error: z.ZodError): Problem => {
  const faults = error.issues.slice(0, MAX_FAULTS).map((issue) => ({
    at: [part, ...issue.path.map(String)].join(".").slice(0, 200),
    message: issue.message.slice(0, 300),
  }));
  return new Problem("request/invalid", `${faults[0]?.at ?? part}: ${faults[0]?.message ?? "not valid"}`, { faults });
};

export type RawParts = { readonly params: unknown; readonly query: unknown; readonly body: unknown };

/**
 * The parsed parts of a request.
 * @throws Problem request/invalid; request/not-found when a path parameter is malformed
 */
export const parseCall = (route: Route, raw: RawParts): { params: unknown; query: unknown; body: unknown } => {
  const params = route.params?.safeParse(raw.params);
  if (params?.success === false) throw new Problem("request/not-found");
  const query = route.query?.safeParse(raw.query);
  if (query?.success === false) throw invalidRequest("query", query.error);
  if (isTooDeep(raw.body)) throw new Problem("request/invalid", `body: nested deeper than ${MAX_JSON_DEPTH} levels`);
  if (route.body === undefined) {
    const empty = raw.body === undefined || raw.body === null;
    if (!empty && !(typeof raw.body === "object" && Object.keys(raw.body).length === 0)) {
      throw new Problem("request/invalid", "body: this operation has no body");
    }
    return { params: params?.data, query: query?.data, body: undefined };
  }
  const body = route.body.safeParse(raw.body);
  if (!body.success) throw invalidRequest("body", body.error);
  return { params: params?.data, query: query?.data, body: body.data };
};
