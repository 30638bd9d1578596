/** Webhooks of executions as the service and the routes see them: what is accepted, how a delivery goes, and the secret that signs. */
import type { Clock } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { WebhookState } from "@atelier/contracts";
import { noSuchWebhook, tooManyWebhooks, webhookRefused } from "../errors.ts";
import { createWebhookDeliveries, type WebhookDeliveriesNeeds } from "./webhook-deliveries.ts";
import { deriveWebhookSecret } from "./webhook-signature.ts";
import type { WebhookStore } from "./webhook-store.ts";
import type { WebhookTargets } from "./webhook-target.ts";

export interface Webhooks {
  /** @throws Problem execution/webhook-refused, execution/too-many-webhooks */
  check(userId: string, url: string): Promise<void>;
  /** An execution with a webhook has ended and is stored. */
  wake(): void;
  /** @throws Problem execution/no-such-webhook */
  find(userId: string, executionId: string): Promise<WebhookState>;
  secretOf(userId: string): Promise<string>;
  /** The new secret; deliveries are also signed with the one before for a day. */
  rotateSecret(userId: string): Promise<string>;
  readonly deliveries: Component;
}

export type WebhooksNeeds = Omit<WebhookDeliveriesNeeds, "store" | "targets"> & {
  readonly store: WebhookStore;
  readonly targets: WebhookTargets;
  readonly clock: Clock;
};

/** Deliveries of one account that wait at once; those of an endpoint that is away wait for hours. */
const MAX_PENDING = 1000;
const BOTH_SECRETS_MS = 24 * 3_600_000;

export const createWebhooks = (needs: WebhooksNeeds): Webhooks => {
  const { store, targets, secretKey, clock } = needs;
  const deliveries = createWebhookDeliveries(needs);
  return {
    deliveries,
    wake: () => deliveries.wake(),
    async check(userId, url) {
      const refusal = targets.refusalOf(url);
      if (refusal !== undefined) throw webhookRefused(refusal);
      if ((await store.pendingOf(userId)) >= MAX_PENDING) throw tooManyWebhooks(MAX_PENDING);
    },
    async find(userId, executionId) {
      const found = await store.find(userId, executionId);
      if (found === undefined) throw noSuchWebhook();
      return found;
    },
    async secretOf(userId) {
      const [generation = 1] = await store.generations(userId, new Date(clock.now()));
      return deriveWebhookSecret(secretKey, userId, generation);
    },
    async rotateSecret(userId) {
      const generation = await store.rotate(userId, new Date(clock.now() + BOTH_SECRETS_MS));
      return deriveWebhookSecret(secretKey, userId, generation);
    },
  };
};
