/** Signatures of deliveries, as Standard Webhooks (https://www.standardwebhooks.com) specifies them, so that its libraries verify them. */
import { createHmac, hkdfSync } from "node:crypto";

const SECRET_BYTES = 32;
const PREFIX = "whsec_";

/** A user's secret, which is derived and never stored. @param generation counts the user's rotations, from 1 */
export const deriveWebhookSecret = (secretKey: Uint8Array, userId: string, generation: number): string =>
  PREFIX +
  Buffer.from(hkdfSync("sha256", secretKey, "", `atelier/webhooks/v1/${userId}/${generation}`, SECRET_BYTES)).toString(
    "base64",
  );

export type WebhookMessage = {
  /** The same in each attempt: a receiver that has seen it ignores it. */
  readonly id: string;
  readonly timestampSeconds: number;
  readonly body: string;
};

/** The headers of a delivery. With two secrets (during a rotation) each makes a signature, and one that matches is enough. */
export const signWebhook = (
  { id, timestampSeconds, body }: WebhookMessage,
  secrets: readonly string[],
): Readonly<Record<string, string>> => ({
  "webhook-id": id,
  "webhook-timestamp": String(timestampSeconds),
  "webhook-signature": secrets
    .map((secret) => {
      const key = Buffer.from(secret.slice(PREFIX.length), "base64");
      return `v1,${createHmac("sha256", key).update(`${id}.${timestampSeconds}.${body}`).digest("base64")}`;
    })
    .join(" "),
});
