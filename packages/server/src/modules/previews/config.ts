/** The settings of previews: where they are served. */
import type { Setting } from "#kernel/setting";
import { z } from "zod";

/** `https://*.preview.example.org`, with a port if it is not the scheme's. */
const WILDCARD = /^(https?):\/\/\*\.([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::(\d{1,5}))?\/?$/u;

/** A name below which every label leads to this server. */
export type WildcardOrigin = { readonly scheme: "http" | "https"; readonly host: string; readonly port: string };

export const parseWildcardOrigin = (text: string): WildcardOrigin | undefined => {
  const [, scheme, host, port = ""] = WILDCARD.exec(text.trim().toLowerCase()) ?? [];
  if ((scheme !== "http" && scheme !== "https") || host === undefined || Number(port) > 65_535) return undefined;
  return { scheme, host, port };
};

export const previewSettings = {
  PREVIEW_ORIGIN: {
    schema: z
      .string()
      .transform((text, context): WildcardOrigin => {
        const parsed = parseWildcardOrigin(text);
        if (parsed !== undefined) return parsed;
        context.addIssue({ code: "custom", message: "like https://*.preview.example.org" });
        return z.NEVER;
      })
      .optional(),
    description:
      "Origin of previews, with a wildcard: `https://*.preview.example.org`. DNS and the certificate lead every name below it to this " +
      "server. Use a domain that has no other pages, and not one above or below PUBLIC_URL's.",
    defaultText: "`*.localhost`, for a page that is opened on this machine",
  } satisfies Setting<WildcardOrigin | undefined>,
  PREVIEW_PORT: {
    schema: z
      .string()
      .regex(/^\d{1,5}$/u, "a port number")
      .transform(Number)
      .pipe(z.number().min(1).max(65_535))
      .optional(),
    description:
      "TCP port for previews where no PREVIEW_ORIGIN is possible: pages there have no storage, cookies and addresses that start with `/`.",
    defaultText: "",
  } satisfies Setting<number | undefined>,
} as const;
