/** Converts the path in the browser to that of the route table: removes BASE_PATH, and adds /api to the original routes. */

/** The routes of the original design, which also work without `/api`. */
const ORIGINAL = /^\/(?:projects|executions|collaborate)(?=[/?]|$)/u;
/** Probes often bypass the proxy, so they work with and without BASE_PATH. */
const PROBE = /^\/(?:healthz|readyz|metrics)(?=[?]|$)/u;
/** No route can have this path, so the answer is a 404. */
const NOWHERE = "/.outside-of-base-path";

/** @param basePath empty, or `/name` without a slash at the end */
export const internalUrl = (url: string, basePath: string): string => {
  let inner = url;
  if (basePath !== "") {
    const next = url[basePath.length];
    if (url.startsWith(basePath) && (next === undefined || next === "/" || next === "?")) {
      inner = url.slice(basePath.length);
      if (!inner.startsWith("/")) inner = `/${inner}`;
    } else if (!PROBE.test(url)) return NOWHERE;
  }
  return ORIGINAL.test(inner) ? `/api${inner}` : inner;
};

/** The path without the query: the only part of an address that may be logged. */
export const pathOf = (url: string): string => {
  const end = url.indexOf("?");
  return end === -1 ? url : url.slice(0, end);
};
