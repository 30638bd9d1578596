/** One attempt of a delivery: a POST to a checked address, without redirects, whose response is read no further than its status. */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";

export type WebhookRequest = {
  readonly url: URL;
  /** The connection goes here, whatever the host's name means by now. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
};

const MAX_HEADER_BYTES = 16_384;

/** @returns the status of the response; a redirect is returned as it is. @throws Error when there is no response */
export const postWebhook = ({ url, address, headers, body, signal }: WebhookRequest): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const isTls = url.protocol === "https:";
  const name = url.hostname.replace(/\.$/u, "");
  const bytes = Buffer.from(body);
  const request = (isTls ? requestHttps : requestHttp)({
    host: address,
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    method: "POST",
    // The certificate has to be that of the name; an address in the URL is checked as one.
    ...(isTls && isIP(name.replace(/^\[|\]$/gu, "")) === 0 ? { servername: name } : {}),
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    signal,
    headers: {
      host: url.host,
      "content-type": "application/json",
      "content-length": String(bytes.length),
      "user-agent": "Atelier-Webhooks/1",
      connection: "close",
      ...headers,
    },
  });
  request.on("response", (response) => {
    response.on("error", () => undefined);
    resolve(response.statusCode ?? 0);
    request.destroy();
  });
  request.on("error", reject);
  request.end(bytes);
  return promise;
};
