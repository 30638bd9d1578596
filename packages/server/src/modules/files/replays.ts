/** Responses of requests with an Idempotency-Key: the first one is stored in the same transaction as its effect. */
import type { Transaction } from "#platform/sql";
import { idempotencyMismatch } from "./errors.ts";

/** A key under which a repeated request gets the first response. */
export type Replay = { readonly key: string; readonly requestHash: Buffer };

/**
 * The first response, or undefined for the first request. A concurrent second request waits for the first one.
 * @throws Problem projects/idempotency-mismatch when another request had the key before
 */
export const findReplay = async <T>(
  transaction: Transaction,
  userId: string,
  replay: Replay,
): Promise<T | undefined> => {
  await transaction.query("select pg_advisory_xact_lock(hashtextextended($1::text || $2::text, 5287313))", [
    userId,
    replay.key,
  ]);
  const [row] = await transaction.query<{ request_hash: Buffer; answer: T }>(
    "select request_hash, answer from idempotency_keys where user_id = $1 and key = $2",
    [userId, replay.key],
  );
  if (row === undefined) return undefined;
  if (!row.request_hash.equals(replay.requestHash)) throw idempotencyMismatch();
  return row.answer;
};

export const keepReplay = async (
  transaction: Transaction,
  kept: { readonly userId: string; readonly replay: Replay; readonly status: number; readonly answer: unknown },
): Promise<void> => {
  await transaction.query(
    "insert into idempotency_keys (user_id, key, request_hash, status, answer) values ($1, $2, $3, $4, $5)",
    [kept.userId, kept.replay.key, kept.replay.requestHash, kept.status, JSON.stringify(kept.answer)],
  );
};
