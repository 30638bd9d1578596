/** The settings of the listener and of the public address. */
import { portNumber, type Setting } from "#kernel/setting";
import { z } from "zod";
import { parseTrustedProxies, type TrustedProxies } from "./client-address.ts";

const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol), "an http or https address");

export const httpSettings = {
  HOST: {
    schema: z.string().min(1).default("127.0.0.1"),
    description: "Address to listen on. A public one needs an isolation tier above `namespaces`.",
    defaultText: "127.0.0.1",
  } satisfies Setting<string>,
  PORT: {
    schema: portNumber(3000),
    description: "TCP port to listen on; 0: a free one.",
    defaultText: "3000",
  } satisfies Setting<number>,
  PUBLIC_URL: {
    schema: httpUrl
      .refine((text) => !URL.canParse(text) || /^\/?$/u.test(new URL(text).pathname), "has no path: use BASE_PATH")
      .transform((text) => new URL(text).origin)
      .optional(),
    description: "Scheme, host and port that browsers use, if they differ from the Host header (no path).",
    defaultText: "",
  } satisfies Setting<string | undefined>,
  BASE_PATH: {
    schema: z
      .string()
      .default("")
      .transform((text) => text.replace(/\/+$/u, ""))
      .pipe(z.string().regex(/^(?:\/[\w.~-]+)*$/u, "like /atelier")),
    description: "Path under which everything is served, like `/atelier`.",
    defaultText: "",
  } satisfies Setting<string>,
  TRUST_PROXY: {
    schema: z
      .string()
      .default("off")
      .transform((text, context): TrustedProxies => {
        const parsed = parseTrustedProxies(text);
        if (parsed !== undefined) return parsed;
        context.addIssue({ code: "custom", message: "off, on, a number of proxies, or addresses and networks" });
        return z.NEVER;
      }),
    description:
      "Proxies whose X-Forwarded-For is trusted: `off`, `on` (one proxy), a number of proxies, or addresses and networks separated by commas (`loopback` and `private` are names for some).",
    defaultText: "off",
  } satisfies Setting<TrustedProxies>,
  ASSET_BASE_URL: {
    schema: z
      .union([z.literal(""), httpUrl])
      .default("")
      .transform((text) => text.replace(/\/+$/u, "")),
    description: "Address of a CDN that serves the page's assets; empty: the server's own origin.",
    defaultText: "",
  } satisfies Setting<string>,
  TLS_CERT_FILE: {
    schema: z.string().min(1).optional(),
    description: "PEM file with the certificate chain; with TLS_KEY_FILE the server accepts only TLS 1.3.",
    defaultText: "",
  } satisfies Setting<string | undefined>,
  TLS_KEY_FILE: {
    schema: z.string().min(1).optional(),
    description: "PEM file with the certificate's private key.",
    defaultText: "",
  } satisfies Setting<string | undefined>,
} as const;
