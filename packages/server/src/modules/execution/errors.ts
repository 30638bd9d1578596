/** The problems that execution can answer with, each made here only. */
import { Problem } from "#kernel/problem";

export const noSuchExecution = (): Problem => new Problem("execution/no-such-execution");

export const noSuchLanguage = (language: string): Problem =>
  new Problem(
    "execution/no-such-language",
    `There is no language "${language.slice(0, 64)}" here: see GET /api/languages.`,
  );

export const languageNotReady = (name: string): Problem =>
  new Problem("execution/language-not-ready", `${name} is still being set up on this server.`, {
    retryAfterSeconds: 10,
  });

export const entryPointMissing = (path: string): Problem =>
  new Problem("execution/entry-point-missing", `There is no file "${path}" to start with.`);

export const noSuchConfiguration = (name: string): Problem =>
  new Problem("execution/no-such-configuration", `The project has no run configuration "${name.slice(0, 100)}".`);

/** @param reason one line: what is missing. */
export const configurationUnavailable = (name: string, reason: string): Problem =>
  new Problem("execution/configuration-unavailable", `"${name}" can't run here: ${reason}.`);

/** @param reason a sentence for the user, without host details. */
export const executionUnavailable = (reason: string): Problem =>
  new Problem("execution/unavailable", reason, { retryAfterSeconds: 30 });

export const noSuchWebhook = (): Problem => new Problem("execution/no-such-webhook");

/** @param reason a sentence for the user. */
export const webhookRefused = (reason: string): Problem => new Problem("execution/webhook-refused", reason);

export const tooManyWebhooks = (most: number): Problem =>
  new Problem("execution/too-many-webhooks", `At most ${most} webhooks of an account wait at once.`, {
    retryAfterSeconds: 60,
  });

export const queueFull = (detail: string, retryAfterSeconds: number): Problem =>
  new Problem("execution/queue-full", detail, { retryAfterSeconds });

export const limitTooHigh = (name: string, minimum: number, maximum: number): Problem =>
  new Problem("execution/limit-too-high", `${name} is a whole number from ${minimum} to ${maximum} on your plan.`);

export const invalidField = (at: string, message: string): Problem =>
  new Problem("request/invalid", message, { faults: [{ at, message }] });

export const contentInvalid = (path: string): Problem =>
  new Problem("projects/content-invalid", `The content of "${path}" is not valid in its encoding.`);

export const programTooLarge = (maxBytes: number): Problem =>
  new Problem("projects/too-large", `The files of one run may hold ${Math.floor(maxBytes / 1_048_576)} MiB together.`);

export const serverStopping = (): Problem => new Problem("server/stopping", undefined, { retryAfterSeconds: 5 });
