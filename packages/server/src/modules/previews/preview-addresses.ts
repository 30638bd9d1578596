/** Where previews are served, as the page is opened: `*.localhost`, the names below PREVIEW_ORIGIN, or a port of their own. */
import type { WildcardOrigin } from "./config.ts";

export type AddressSettings = {
  readonly PREVIEW_ORIGIN: WildcardOrigin | undefined;
  readonly PREVIEW_PORT: number | undefined;
  readonly PUBLIC_URL: string | undefined;
};

/** A request's host as its browser sees it. */
export type SeenHost = { readonly hostname: string; readonly port: string };

/** An origin that a name has to itself, or a folder on one that all previews share. */
export type PreviewMode = "own-origin" | "shared-port";

export type PreviewAddresses = {
  /** True for hosts that only previews have. */
  readonly isSeparate: (hostname: string) => boolean;
  /** The name in a separate host; undefined: it has none. */
  labelOf(hostname: string): string | undefined;
  /** @param page the host at which the page is open. undefined: there is no address for previews there */
  urlOf(label: string, page: SeenHost): { readonly url: string; readonly mode: PreviewMode } | undefined;
  /** The origins whose pages may frame a preview that is served at this host. */
  framers(preview: SeenHost, mode: PreviewMode): readonly string[];
  /** For the page's policy: what it may frame. */
  readonly frameSources: readonly string[];
};

const LOCAL = "localhost";
const LOCAL_SUFFIX = `.${LOCAL}`;

const isLocal = (hostname: string): boolean =>
  hostname === LOCAL ||
  hostname.endsWith(LOCAL_SUFFIX) ||
  hostname === "[::1]" ||
  /^127(?:\.\d{1,3}){3}$/u.test(hostname);

const withPort = (port: string): string => (port === "" ? "" : `:${port}`);

/** @param options.https browsers connect over TLS @param options.port the port of the page's own listener */
export const createPreviewAddresses = (
  settings: AddressSettings,
  options: { readonly https: boolean; readonly port: () => number },
): PreviewAddresses => {
  const { PREVIEW_ORIGIN: wildcard, PREVIEW_PORT: sharedPort, PUBLIC_URL } = settings;
  const scheme = options.https ? "https" : "http";
  const publicUrl = PUBLIC_URL === undefined ? undefined : new URL(PUBLIC_URL);
  const suffix = wildcard === undefined ? LOCAL_SUFFIX : `.${wildcard.host}`;

  const pageOrigins = (page: SeenHost): readonly string[] => {
    if (publicUrl !== undefined) return [publicUrl.origin];
    return isLocal(page.hostname)
      ? [LOCAL, "127.0.0.1"].map((host) => `${scheme}://${host}${withPort(page.port)}`)
      : [`${scheme}://${page.hostname}${withPort(page.port)}`];
  };

  return {
    isSeparate: (hostname) => hostname.endsWith(suffix) && hostname !== publicUrl?.hostname,
    labelOf(hostname) {
      const label = hostname.endsWith(suffix) ? hostname.slice(0, -suffix.length) : "";
      return label === "" ? undefined : label;
    },
    urlOf(label, page) {
      if (wildcard !== undefined) {
        const url = `${wildcard.scheme}://${label}.${wildcard.host}${withPort(wildcard.port)}/`;
        return { url, mode: "own-origin" };
      }
      const seen = publicUrl ?? page;
      if (isLocal(seen.hostname))
        return { url: `${scheme}://${label}${LOCAL_SUFFIX}${withPort(seen.port)}/`, mode: "own-origin" };
      if (sharedPort === undefined) return undefined;
      return { url: `${scheme}://${seen.hostname}:${sharedPort}/~${label}/`, mode: "shared-port" };
    },
    framers(preview, mode) {
      if (mode === "shared-port") return pageOrigins({ hostname: preview.hostname, port: String(options.port()) });
      if (wildcard === undefined) return pageOrigins({ hostname: LOCAL, port: preview.port });
      return publicUrl === undefined ? ["'none'"] : [publicUrl.origin];
    },
    frameSources:
      wildcard === undefined
        ? [`${scheme}://*.localhost:*`, ...(sharedPort === undefined ? [] : [`${scheme}://*:${sharedPort}`])]
        : [`${wildcard.scheme}://*.${wildcard.host}${withPort(wildcard.port)}`],
  };
};
