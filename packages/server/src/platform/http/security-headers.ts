/** The security headers of every response, and the page's content security policy. */

export type SecurityOptions = { readonly https: boolean; readonly assetBaseUrl: string };

/** For every response. */
export const securityHeaders = (options: SecurityOptions): Readonly<Record<string, string>> => ({
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  // If a browser shows a response that is not a page, it must not run or load anything.
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  ...(options.https ? { "strict-transport-security": "max-age=31536000; includeSubDomains" } : {}),
});

/**
 * The policy of the server's own pages.
 * @param options.scriptHashes `sha256-…` of the inline scripts that the build put into index.html
 * @param options.frameSources origins of previews
 */
export const pagePolicy = (
  options: SecurityOptions & { readonly scriptHashes: readonly string[]; readonly frameSources: readonly string[] },
): string => {
  const assets = options.assetBaseUrl === "" ? "" : ` ${new URL(options.assetBaseUrl).origin}`;
  const hashes = options.scriptHashes.map((hash) => ` '${hash}'`).join("");
  return [
    "default-src 'none'",
    `script-src 'self'${hashes}${assets}`,
    // Monaco positions every line and cursor with inline styles.
    `style-src 'self' 'unsafe-inline'${assets}`,
    `img-src 'self' data: blob:${assets}`,
    `font-src 'self' data:${assets}`,
    `frame-src ${options.frameSources.join(" ")}`,
    "connect-src 'self'",
    `worker-src 'self' blob:${assets}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    ...(options.https ? ["upgrade-insecure-requests"] : []),
  ].join("; ");
};
