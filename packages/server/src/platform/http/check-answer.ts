/** Checks a response against its route's schema: on in tests and development, so that the OpenAPI document and the server agree. */
import { isDeepStrictEqual } from "node:util";
import type { Route } from "@atelier/contracts";

/** @throws Error that names the route and the mismatch; fields outside the schema are one */
export const checkAnswer = (route: Route, status: number, body: unknown): void => {
  const schema = route.responses[status];
  const where = `${route.id} answered ${status}`;
  if (schema === undefined) throw new Error(`${where}, which its declaration does not list`);
  if (schema === null) {
    if (body !== undefined) throw new Error(`${where} with a body where none is declared`);
    return;
  }
  if (schema === "binary") {
    if (!(body instanceof Uint8Array)) throw new Error(`${where} without bytes`);
    return;
  }
  if (schema === "stream") {
    if (typeof body !== "object" || body === null || !(Symbol.asyncIterator in body))
      throw new Error(`${where} without a stream`);
    return;
  }
  const sent: unknown = JSON.parse(JSON.stringify(body) ?? "null");
  const parsed = schema.safeParse(sent);
  if (!parsed.success) throw new Error(`${where} with a body that does not fit: ${parsed.error.message}`);
  if (!isDeepStrictEqual(parsed.data, sent)) throw new Error(`${where} with fields that its schema does not know`);
};
