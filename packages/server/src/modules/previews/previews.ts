/** Previews: the newest text of a project's files as a page on another origin, for whoever has an address that names them. */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { basename } from "node:path/posix";
import { parsePath, type Preview } from "@atelier/contracts";
import type { Actor } from "#kernel/actor";
import { Problem } from "#kernel/problem";
import { addressKey, type PageAnswer, type SeparateHandler, type SeparateRequest } from "#platform/http";
import type { RateLimits } from "#platform/rate-limits";
import type { Identity } from "#identity";
import type { Projects } from "#projects";
import type { LiveFiles } from "#collaboration";
import { contentTypeOf } from "./content-types.ts";
import { faultPage, markdownPage, plainPagePolicy } from "./markdown-page.ts";
import { pageScript, scriptHash, withScript } from "./page-script.ts";
import type { PreviewAddresses, PreviewMode, SeenHost } from "./preview-addresses.ts";
import type { PreviewNames } from "./preview-names.ts";

/** A preview on a port that all previews share gets an opaque origin: no cookies, no storage, no access to another preview. */
const SHARED_PORT_SANDBOX = "sandbox allow-scripts allow-forms allow-popups allow-modals";
const NO_FEATURES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
const MARKDOWN = /\.(?:md|markdown)$/iu;
const DOCUMENT_USES: ReadonlySet<string> = new Set(["document", "iframe", "frame", "embed", "object"]);
const INDEX = "index.html";

export type Previews = {
  /** The addresses of a project's previews for the caller. @param page the host at which the caller's page is open */
  list(actor: Actor, projectId: string, page: SeenHost): Promise<Preview[]>;
  /** Answers at names of their own. */
  readonly atOwnOrigins: SeparateHandler;
  /** Answers at the port that all previews share. */
  readonly atSharedPort: SeparateHandler;
};

export type PreviewsNeeds = {
  readonly projects: Pick<Projects, "requireRole">;
  readonly files: Pick<LiveFiles, "read">;
  readonly identity: Pick<Identity, "actorOf">;
  readonly names: PreviewNames;
  readonly addresses: PreviewAddresses;
  readonly rateLimits: RateLimits;
  /** Browsers connect over TLS. */
  readonly https: boolean;
};

/** A request to one preview. */
type Visit = {
  readonly label: string;
  /** Below the project's folder, as it was sent: encoded, with a slash at the beginning. */
  readonly path: string;
  /** The address of the project's folder. */
  readonly base: string;
  readonly mode: PreviewMode;
  readonly request: SeparateRequest;
};

/** Whether the browser shows the response as a document; a script that fetches a file gets it unchanged. */
const isDocument = ({ headers }: SeparateRequest): boolean => {
  const use = headers["sec-fetch-dest"];
  return use === undefined ? (headers["accept"] ?? "").includes("text/html") : DOCUMENT_USES.has(use);
};

/** undefined: no path of a project. */
const projectPath = (encoded: string): string | undefined => {
  try {
    const path = decodeURIComponent(encoded.slice(1));
    const parsed = parsePath(path);
    return parsed.ok ? parsed.path : undefined;
  } catch {
    return undefined;
  }
};

export const createPreviews = (needs: PreviewsNeeds): Previews => {
  const { projects, files, names, addresses } = needs;

  const count = async (key: string): Promise<void> => {
    const decision = await needs.rateLimits.take("read", key);
    if (!decision.allowed)
      throw new Problem("request/rate-limited", undefined, { retryAfterSeconds: decision.resetSeconds });
  };

  const policyOf = (visit: Visit): string[] => [
    `frame-ancestors ${addresses.framers(visit.request, visit.mode).join(" ")}`,
    ...(visit.mode === "shared-port" ? [SHARED_PORT_SANDBOX] : []),
  ];

  const headersOf = (visit: Visit, policy: readonly string[] = []): Record<string, string> => ({
    "content-security-policy": [...policy, ...policyOf(visit)].join("; "),
    "permissions-policy": NO_FEATURES,
    "cache-control": "private, no-cache",
    vary: "sec-fetch-dest, accept",
    "origin-agent-cluster": "?1",
    // A page with an opaque origin loads its own modules, fonts and data as another origin's; only who has the address can.
    ...(visit.mode === "shared-port"
      ? { "cross-origin-resource-policy": "cross-origin", "access-control-allow-origin": "*" }
      : { "cross-origin-resource-policy": "same-origin" }),
  });

  const scriptOf = (visit: Visit): string =>
    pageScript({ origins: addresses.framers(visit.request, visit.mode), base: visit.base });

  const plainPage = (visit: Visit, status: number, html: string): PageAnswer => {
    const script = scriptOf(visit);
    return {
      status,
      headers: {
        ...headersOf(visit, [plainPagePolicy(scriptHash(script))]),
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
      },
      body: withScript(Buffer.from(html), script),
    };
  };

  const nothing = (visit: Visit, words: string, status = 404): PageAnswer =>
    isDocument(visit.request)
      ? plainPage(visit, status, faultPage("Nothing to show", words))
      : {
          status,
          headers: {
            ...headersOf(visit, ["default-src 'none'"]),
            "content-type": "text/plain; charset=utf-8",
            "cache-control": "no-store",
          },
          body: `${words}\n`,
        };

  const found = (visit: Visit, path: string, stored: Awaited<ReturnType<LiveFiles["read"]>>): PageAnswer => {
    const { bytes } = stored;
    const type = contentTypeOf(path, bytes);
    const asDocument = isDocument(visit.request);
    if (asDocument && MARKDOWN.test(path) && isUtf8(bytes))
      return plainPage(visit, 200, markdownPage(basename(path), Buffer.from(bytes).toString("utf8")));
    const body = asDocument && type.startsWith("text/html") ? withScript(bytes, scriptOf(visit)) : bytes;
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    const headers = { ...headersOf(visit), "content-type": type, etag };
    if (visit.request.headers["if-none-match"]?.split(/\s*,\s*/u).includes(etag) === true)
      return { status: 304, headers, body: "" };
    return { status: 200, headers, body };
  };

  const read = async (
    visit: Visit,
    given: { readonly actor: Actor; readonly projectId: string },
  ): Promise<PageAnswer> => {
    const isFolder = visit.path.endsWith("/");
    const path = projectPath(isFolder ? visit.path + INDEX : visit.path);
    if (path === undefined) return nothing(visit, "This is not the path of a file.");
    try {
      const stored = await files.read(given.actor, given.projectId, { path });
      // The browser's copy and the edge's, while the response is sent.
      visit.request.reserve(`user ${given.actor.userId}`, 2 * stored.bytes.byteLength);
      return found(visit, path, stored);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === "projects/no-such-file")
        return nothing(visit, isFolder ? `There is no file ${path}.` : `There is no file ${path} in this project.`);
      // Links in the folder's page are relative to the folder.
      if (error.code === "projects/not-a-file")
        return {
          status: 307,
          headers: { ...headersOf(visit), location: `${visit.base}${visit.path.slice(1)}/` },
          body: "",
        };
      throw error;
    }
  };

  const answer = async (visit: Visit): Promise<PageAnswer> => {
    const { request } = visit;
    // The worker would answer for the files, and go on after the preview ended.
    if (request.headers["service-worker"] !== undefined || request.headers["sec-fetch-dest"] === "serviceworker")
      return nothing(visit, "Previews have no service workers.", 403);
    const name = names.open(visit.label);
    const actor = name === undefined ? undefined : await needs.identity.actorOf(name.signInId);
    if (name === undefined || actor === undefined) {
      await count(`address ${addressKey(request.address)}`);
      return nothing(visit, "This preview has ended. Open it again from its project.");
    }
    // Not the user's own limit: the pages are written by others.
    await count(`preview ${actor.userId} ${name.projectId}`);
    try {
      return await read(visit, { actor, projectId: name.projectId });
    } catch (error) {
      if (error instanceof Problem && error.code === "projects/no-such-project")
        return nothing(visit, "This preview has ended. Open it again from its project.");
      throw error;
    }
  };

  const pathOf = (url: string): string => url.replace(/[?#].*$/u, "");
  const originOf = ({ hostname, port }: SeenHost): string =>
    `${needs.https ? "https" : "http"}://${hostname}${port === "" ? "" : `:${port}`}`;

  return {
    async list(actor, projectId, page) {
      await projects.requireRole(actor, projectId, "viewer");
      const { label, expiresMs } = names.seal({ projectId, signInId: actor.signInId });
      const address = addresses.urlOf(label, page);
      if (address === undefined) return [];
      const { url, mode } = address;
      const expiresAt = new Date(expiresMs).toISOString();
      return [{ id: "static", kind: "static", url, expiresAt, hasOrigin: mode === "own-origin" }];
    },
    atOwnOrigins: (request) =>
      answer({
        label: addresses.labelOf(request.hostname) ?? "",
        path: pathOf(request.url),
        base: `${originOf(request)}/`,
        mode: "own-origin",
        request,
      }),
    atSharedPort(request) {
      const [, label = "", path = ""] = /^\/~([0-9a-z]{1,63})(\/.*)?$/u.exec(pathOf(request.url)) ?? [];
      const base = `${originOf(request)}/~${label}/`;
      return answer({ label, path: path === "" ? "/" : path, base, mode: "shared-port", request });
    },
  };
};
