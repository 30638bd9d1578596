/** The gateway role: the page with its assets and first data, probes, metrics, and the API's own description. */
import { createOpenApi, pagePolicy, type PageAnswer, type PageEdge, type PageRequest } from "#platform/http";
import { type Boot, routes } from "@atelier/contracts";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { openAssets } from "./assets.ts";
import { type BootOptions, createBootMaker } from "./boot.ts";
import { createPageTemplate, type PageTemplate } from "./page-template.ts";
import { type ProbeOptions, registerProbes } from "./probes.ts";

const compress = promisify(brotliCompress);
const MIN_COMPRESSED_BYTES = 4096;

export type GatewayOptions = BootOptions &
  ProbeOptions & {
    /** The web build's output; without an index.html in it only the API is served. */
    readonly webFolder: string;
    readonly https: boolean;
    readonly version: string;
    /** Origins of previews, which the page may frame. */
    readonly frameSources: readonly string[];
  };

const readTemplate = async (options: GatewayOptions): Promise<PageTemplate | undefined> => {
  const html = await readFile(join(options.webFolder, "index.html"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (html === undefined) return undefined;
  return createPageTemplate(html, options.assetBaseUrl === "" ? options.basePath : options.assetBaseUrl);
};

/** Registers the page and all routes beside the API. @returns whether there is a page to serve */
export const registerGateway = async (edge: PageEdge, options: GatewayOptions): Promise<boolean> => {
  registerProbes(edge, options);
  const openApi = Buffer.from(JSON.stringify(createOpenApi(routes, options)));
  edge.page(
    "/api/openapi.json",
    async () => ({
      status: 200,
      headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-cache" },
      body: openApi,
    }),
    { fixed: true },
  );

  const template = await readTemplate(options);
  if (template === undefined) return false;
  const assets = await openAssets(options.webFolder);
  for (const path of assets.paths) edge.page(path, assets.handler, { fixed: true });

  const policy = pagePolicy({ ...options, scriptHashes: template.scriptHashes });
  const answer = async (request: PageRequest, boot: Boot, status = 200): Promise<PageAnswer> => {
    const html = Buffer.from(template.fill(boot));
    const takesBrotli = /\bbr\b/u.test(request.request.headers["accept-encoding"] ?? "");
    const compressed = takesBrotli && html.length >= MIN_COMPRESSED_BYTES;
    return {
      status,
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        // The page depends on the cookie and contains data of this visitor only.
        "cache-control": "no-store",
        vary: "accept-encoding, cookie",
        ...(compressed ? { "content-encoding": "br" } : {}),
      },
      body: compressed ? await compress(html, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }) : html,
    };
  };

  const boots = createBootMaker(options);
  edge.page("/", async (request) => answer(request, await boots.forSample(request)));
  edge.page("/new/:template", async (request) =>
    answer(request, await boots.forSample(request, request.params["template"])),
  );
  edge.page("/dashboard", async (request) => answer(request, await boots.plain(request)));
  // The page redeems the token of a share link through the API, because a GET must not change data.
  edge.page("/s/:token", async (request) => answer(request, await boots.plain(request)));
  edge.page("/p/:slug", async (request) => {
    const boot = await boots.forProject(request, request.params["slug"] ?? "");
    return answer(request, boot, boot.notFound === true && boot.user !== undefined ? 404 : 200);
  });
  edge.unknownPage(async (request) => answer(request, { ...(await boots.plain(request)), notFound: true }, 404));
  return true;
};
