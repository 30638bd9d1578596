/**
 * Sends the ends of executions to the URLs that their starters named: at least once, tried again with growing pauses. The deliveries are
 * rows, which any node may take, so that a restart continues them; an attempt whose node died is taken again.
 */
import type { Clock, Timer } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import type { Metrics } from "#platform/metrics";
import type { Execution } from "@atelier/contracts";
import { deriveWebhookSecret, signWebhook } from "./webhook-signature.ts";
import type { AttemptEnd, DueDelivery, WebhookStore } from "./webhook-store.ts";
import { TargetRefused, type WebhookTargets } from "./webhook-target.ts";
import { postWebhook } from "./webhook-request.ts";

export type WebhookDeliveriesNeeds = {
  readonly store: Pick<WebhookStore, "take" | "finish" | "generations">;
  readonly targets: Pick<WebhookTargets, "addressOf">;
  /** The execution as its starter may see it now; undefined: not any more. */
  readonly findExecution: (userId: string, id: string) => Promise<Execution | undefined>;
  readonly secretKey: Uint8Array;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "counter">;
  /** From 0 up to 1. */
  readonly random?: () => number;
  readonly post?: typeof postWebhook;
};

export interface WebhookDeliveries extends Component {
  /** An execution with a webhook has ended and is stored. */
  wake(): void;
  /** Resolves when no attempt of this node is under way and none is due; for tests. */
  idle(): Promise<void>;
}

export const MAX_TRIES = 8;
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 3 * 3_600_000;
const POLL_MS = 5000;
const ATTEMPT_MS = 10_000;
/** Longer than an attempt with its DNS request can take. */
const LOST_AFTER_MS = 60_000;
const AT_ONCE = 16;
const AT_ONCE_PER_USER = 4;
/** Larger output is left out, as it is from old executions: receivers fetch the execution. */
const MAX_OUTPUT_CHARACTERS = 65_536;
const MAX_ERROR = 200;

/** The pause after the attempt with this number: 10 s, 40 s, 160 s … up to 3 h, shortened by up to half. */
export const pauseAfter = (tries: number, random: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 4 ** (tries - 1)) * (1 - random / 2);

const bodyOf = (execution: Execution): string => {
  const isLarge = execution.stdout.length + execution.stderr.length > MAX_OUTPUT_CHARACTERS;
  return JSON.stringify({
    type: "execution.ended",
    timestamp: execution.endedAt,
    data: isLarge ? { ...execution, stdout: "", stderr: "", truncated: true } : execution,
  });
};

/** What went wrong, without addresses and other facts of this server's network. */
const describe = (error: unknown): string => {
  if (error instanceof TargetRefused) return error.message;
  const { name, code } = error as { name?: string; code?: string };
  if (name === "TimeoutError" || name === "AbortError") return "There was no response within 10 s.";
  return `The request failed (${code ?? "unknown error"}).`.slice(0, MAX_ERROR);
};

export const createWebhookDeliveries = (needs: WebhookDeliveriesNeeds): WebhookDeliveries => {
  const { store, targets, clock, log, random = Math.random, post = postWebhook } = needs;
  const stopping = new AbortController();
  const attempts = needs.metrics.counter("atelier_webhook_attempts_total", "Attempts to deliver a webhook.", [
    "result",
  ]);
  const underWay = new Map<Promise<void>, string>();
  let timer: Timer | undefined;
  let round: Promise<void> | undefined;
  let again = false;

  type Outcome = Pick<AttemptEnd, "status" | "error"> & { readonly isFinal?: boolean };

  const attempt = async ({ executionId, userId, url: text }: DueDelivery): Promise<Outcome> => {
    const execution = await needs.findExecution(userId, executionId);
    if (execution === undefined)
      return { status: null, error: "The execution is not visible to its starter any more.", isFinal: true };
    try {
      const url = new URL(text);
      const address = await targets.addressOf(url);
      const now = new Date(clock.now());
      const generations = await store.generations(userId, now);
      const body = bodyOf(execution);
      const message = { id: executionId, timestampSeconds: Math.floor(now.getTime() / 1000), body };
      const secrets = generations.map((each) => deriveWebhookSecret(needs.secretKey, userId, each));
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(ATTEMPT_MS)]);
      const status = await post({ url, address, headers: signWebhook(message, secrets), body, signal });
      if (status >= 200 && status < 300) return { status, error: null };
      // 410: the receiver wants no more of them.
      return { status, error: `The response had the status ${status}.`, isFinal: status === 410 };
    } catch (error) {
      return { status: null, error: describe(error), isFinal: error instanceof TargetRefused };
    }
  };

  const deliver = async (due: DueDelivery): Promise<void> => {
    const { executionId, userId, tries } = due;
    const { status, error, isFinal = false } = await attempt(due);
    // The row is due again after LOST_AFTER_MS: another attempt, not a failed one.
    if (error !== null && stopping.signal.aborted) return;
    const state = error === null ? "delivered" : isFinal || tries >= MAX_TRIES ? "failed" : "pending";
    attempts.add({ result: state === "pending" ? "retry" : state });
    if (state === "failed") log.warn("webhook.failed", { executionId, userId, tries, status, reason: error });
    const nextAt = new Date(clock.now() + (state === "pending" ? pauseAfter(tries, random()) : 0));
    await store.finish({ executionId, tries, state, nextAt, status, error });
  };

  const start = (due: DueDelivery): void => {
    const work: Promise<void> = deliver(due)
      .catch((error: unknown) => log.error("webhook.not-recorded", { executionId: due.executionId, error }))
      .finally(() => {
        underWay.delete(work);
        // A user or this node had more due than may be under way.
        wake();
      });
    underWay.set(work, due.userId);
  };

  const busyUsers = (): string[] => {
    const counts = new Map<string, number>();
    for (const userId of underWay.values()) counts.set(userId, (counts.get(userId) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= AT_ONCE_PER_USER).map(([userId]) => userId);
  };

  const take = async (): Promise<void> => {
    const limit = AT_ONCE - underWay.size;
    if (limit <= 0 || stopping.signal.aborted) return;
    const now = clock.now();
    const due = await store.take({
      now: new Date(now),
      limit,
      perUser: AT_ONCE_PER_USER,
      except: busyUsers(),
      lostAt: new Date(now + LOST_AFTER_MS),
    });
    for (const each of due) start(each);
  };

  const wake = (): void => {
    if (stopping.signal.aborted) return;
    again = true;
    round ??= (async () => {
      try {
        while (again) {
          again = false;
          await take();
        }
      } catch (error) {
        log.warn("webhook.database-away", { error });
      } finally {
        round = undefined;
      }
    })();
  };

  const schedule = (): void => {
    timer = clock.after(POLL_MS, () => {
      wake();
      schedule();
    });
  };

  return {
    name: "webhooks",
    wake,
    async idle() {
      while (round !== undefined || underWay.size > 0) await Promise.all([round, ...underWay.keys()]);
    },
    async start() {
      wake();
      schedule();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      timer?.cancel();
      await round;
      await Promise.all(underWay.keys());
    },
  };
};
