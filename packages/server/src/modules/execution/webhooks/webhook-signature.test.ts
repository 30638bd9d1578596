import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { deriveWebhookSecret, signWebhook } from "./webhook-signature.ts";

describe("[X74] signatures", () => {
  it("are those of Standard Webhooks: the example of its own libraries", () => {
    const headers = signWebhook(
      { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestampSeconds: 1_614_265_330, body: '{"test": 2432232314}' },
      ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    );
    expect(headers).toEqual({
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  it("of a rotation are two, and either secret verifies one", () => {
    const key = Buffer.alloc(32, 1);
    const secrets = [deriveWebhookSecret(key, "ada", 2), deriveWebhookSecret(key, "ada", 1)];
    const message = { id: "one", timestampSeconds: 7, body: "{}" };
    const signatures = signWebhook(message, secrets)["webhook-signature"]?.split(" ");
    const expected = secrets.map((secret) => {
      const own = Buffer.from(secret.slice("whsec_".length), "base64");
      return `v1,${createHmac("sha256", own).update("one.7.{}").digest("base64")}`;
    });
    expect(signatures).toEqual(expected);
  });

  it("secrets differ by user, generation and server", () => {
    const made = [
      deriveWebhookSecret(Buffer.alloc(32, 1), "ada", 1),
      deriveWebhookSecret(Buffer.alloc(32, 1), "ada", 2),
      deriveWebhookSecret(Buffer.alloc(32, 1), "bob", 1),
      deriveWebhookSecret(Buffer.alloc(32, 2), "ada", 1),
    ];
    expect(new Set(made).size).toBe(4);
    expect(made.every((secret) => Buffer.from(secret.slice(6), "base64").length === 32)).toBe(true);
  });
});
