/** The route of previews. */
import { routes } from "@atelier/contracts";
import type { Edge, RequestFacts } from "#platform/http";
import type { SeenHost } from "./preview-addresses.ts";
import type { Previews } from "./previews.ts";

/** The host at which the browser sees the page. @param proxied a trusted proxy sets X-Forwarded-Host */
export const seenHost = ({ headers }: Pick<RequestFacts, "headers">, proxied: boolean): SeenHost => {
  const forwarded = proxied ? headers["x-forwarded-host"]?.split(",")[0]?.trim() : undefined;
  const text = (forwarded === undefined || forwarded === "" ? headers["host"] : forwarded) ?? "";
  const [, hostname = "", port = ""] = /^(\[[\da-f:.]+\]|[^\s/?#@:[\]]+)(?::(\d{0,5}))?$/iu.exec(text) ?? [];
  return { hostname: hostname.toLowerCase(), port };
};

export const registerPreviewsHttp = (edge: Edge, previews: Previews, options: { readonly proxied: boolean }): void => {
  edge.bind(routes.listPreviews, async ({ actor, params, request }) => ({
    status: 200 as const,
    body: await previews.list(actor, params.projectId, seenHost(request, options.proxied)),
  }));
};
