/** The options of the edge from the settings: its public address, trusted proxies, and the certificate. */
import { readFile } from "node:fs/promises";
import type { TrustedProxies } from "#platform/http";
import { isPublicHost } from "./announcement.ts";
import { StartFault } from "./data-folder.ts";

/** A page has one socket; other clients have one for each document, run and list of events. */
const SOCKETS_PER_USER = 500;

export type EdgeSettings = {
  readonly HOST: string;
  readonly PUBLIC_URL: string | undefined;
  readonly BASE_PATH: string;
  readonly TRUST_PROXY: TrustedProxies;
  readonly ASSET_BASE_URL: string;
  readonly TLS_CERT_FILE: string | undefined;
  readonly TLS_KEY_FILE: string | undefined;
  readonly ATELIER_CHECK_ANSWERS: boolean;
};

const readPem = (file: string): Promise<string> =>
  readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new StartFault(
      `${file} can't be read (${error.code ?? "unknown error"}): TLS_CERT_FILE and TLS_KEY_FILE name PEM files.`,
    );
  });

/** @throws StartFault when the certificate can't be read. */
export const edgeOptions = async (settings: EdgeSettings) => {
  const { TLS_CERT_FILE, TLS_KEY_FILE, PUBLIC_URL } = settings;
  const onlyLocal = !isPublicHost(settings.HOST) && PUBLIC_URL === undefined && settings.TRUST_PROXY.kind === "none";
  const hasCertificate = TLS_CERT_FILE !== undefined && TLS_KEY_FILE !== undefined;
  const https = hasCertificate || PUBLIC_URL?.startsWith("https:") === true;
  return {
    /** Browsers connect over TLS, to this server or to a proxy. */
    https,
    /** Only this machine can connect: no public address, and no configured proxy. */
    onlyLocal,
    ...(onlyLocal ? {} : { socketsPerUser: SOCKETS_PER_USER }),
    origin: {
      proxied: settings.TRUST_PROXY.kind !== "none",
      https,
      ...(PUBLIC_URL === undefined ? {} : { publicUrl: PUBLIC_URL }),
    },
    trusted: settings.TRUST_PROXY,
    basePath: settings.BASE_PATH,
    assetBaseUrl: settings.ASSET_BASE_URL,
    checkAnswers: settings.ATELIER_CHECK_ANSWERS,
    ...(hasCertificate ? { tls: { cert: await readPem(TLS_CERT_FILE), key: await readPem(TLS_KEY_FILE) } } : {}),
  };
};
