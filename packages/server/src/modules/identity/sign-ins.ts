/** The rows of sign-ins: chains of refresh tokens of which only the newest is valid. */
import type { Actor } from "#kernel/actor";
import type { Transaction } from "#platform/sql";
import type { User } from "@atelier/contracts";
import { ACCOUNT_COLUMNS, type AccountRow, toUser } from "./accounts.ts";
import type { RefreshTokens } from "./refresh-tokens.ts";

export const SIGN_IN_LIFE_MS = 90 * 24 * 3600 * 1000;
/** Tabs that are restored together send the same token, so for this time the previous token still gets the successor. */
const SUCCESSOR_GRACE_MS = 30_000;

type SignInRow = AccountRow & {
  readonly current_hash: Buffer;
  readonly previous_hash: Buffer | null;
  readonly successor_sealed: Buffer | null;
  readonly rotated_at: Date;
  readonly expires_at: Date;
};

const SELECT_LIVE_IDS = `
  select s.id from sign_ins s join users u on u.id = s.user_id
  where s.id = any ($1) and s.ended_at is null and s.expires_at > $2 and u.disabled_at is null`;

const SELECT_LIVE = `
  select ${ACCOUNT_COLUMNS}, s.current_hash, s.previous_hash, s.successor_sealed, s.rotated_at, s.expires_at
  from sign_ins s join users u on u.id = s.user_id
  where s.id = $1 and s.ended_at is null and s.expires_at > $2 and u.disabled_at is null`;

export const toActor = (user: User, signInId: string): Actor => ({
  userId: user.id,
  kind: user.kind,
  name: user.name,
  plan: user.plan,
  signInId,
});

/** The ids whose sign-in has ended or expired, or whose account is disabled. */
export const findEnded = async (
  transaction: Transaction,
  ids: readonly string[],
  nowMs: number,
): Promise<readonly string[]> => {
  const rows = await transaction.query<{ id: string }>(SELECT_LIVE_IDS, [ids, new Date(nowMs)]);
  const live = new Set(rows.map(({ id }) => id));
  return ids.filter((id) => !live.has(id));
};

export const insertSignIn = async (
  transaction: Transaction,
  signIn: { readonly id: string; readonly userId: string; readonly hash: Buffer; readonly nowMs: number },
): Promise<void> => {
  await transaction.query(
    `insert into sign_ins (id, user_id, created_at, current_hash, rotated_at, expires_at) values ($1, $2, $3, $4, $3, $5)`,
    [signIn.id, signIn.userId, new Date(signIn.nowMs), signIn.hash, new Date(signIn.nowMs + SIGN_IN_LIFE_MS)],
  );
};

/** The user of a sign-in that has neither ended nor expired, unless the account is disabled. */
export const findSignedIn = async (
  transaction: Transaction,
  signInId: string,
  nowMs: number,
): Promise<User | undefined> => {
  const [row] = await transaction.query<SignInRow>(SELECT_LIVE, [signInId, new Date(nowMs)]);
  return row === undefined ? undefined : toUser(row);
};

/** Whether a refresh would accept the token: it is the newest one, or the previous one within the grace time. */
const isOfUse = (row: SignInRow, hash: Buffer, nowMs: number): "current" | "previous" | undefined => {
  if (row.current_hash.equals(hash)) return "current";
  const inGrace = nowMs - row.rotated_at.getTime() <= SUCCESSOR_GRACE_MS;
  return inGrace && row.successor_sealed !== null && row.previous_hash?.equals(hash) === true ? "previous" : undefined;
};

/** The user of a valid token, which is not rotated. */
export const findHolder = async (
  transaction: Transaction,
  signInId: string,
  given: { readonly hash: Buffer; readonly nowMs: number },
): Promise<User | undefined> => {
  const [row] = await transaction.query<SignInRow>(SELECT_LIVE, [signInId, new Date(given.nowMs)]);
  return row === undefined || isOfUse(row, given.hash, given.nowMs) === undefined ? undefined : toUser(row);
};

export type Rotation =
  | { readonly kind: "rotated"; readonly user: User; readonly token: string }
  /** The sign-in was ended because an old token was reused. */
  | { readonly kind: "reused"; readonly userId: string }
  | { readonly kind: "gone" };

/** Rotates the token. The row lock serialises parallel calls, so all but the first one get the successor. */
export const rotate = async (
  transaction: Transaction,
  tokens: RefreshTokens,
  given: { readonly signInId: string; readonly token: string; readonly nowMs: number },
): Promise<Rotation> => {
  const { signInId, nowMs } = given;
  const [row] = await transaction.query<SignInRow>(`${SELECT_LIVE} for update of s`, [signInId, new Date(nowMs)]);
  if (row === undefined) return { kind: "gone" };
  const use = isOfUse(row, tokens.hash(given.token), nowMs);
  if (use === "previous" && row.successor_sealed !== null) {
    return { kind: "rotated", user: toUser(row), token: tokens.unseal(row.successor_sealed) };
  }
  if (use === undefined) {
    await endSignIn(transaction, signInId, nowMs);
    return { kind: "reused", userId: row.id };
  }
  const token = tokens.create(signInId);
  await transaction.query(
    `update sign_ins set previous_hash = current_hash, current_hash = $2, successor_sealed = $3, rotated_at = $4,
       expires_at = $5 where id = $1`,
    [signInId, tokens.hash(token), tokens.seal(token), new Date(nowMs), new Date(nowMs + SIGN_IN_LIFE_MS)],
  );
  return { kind: "rotated", user: toUser(row), token };
};

/** Replaces the token without a grace time for the old one: after a change of the sign-in's rights. */
export const replaceToken = async (
  transaction: Transaction,
  signIn: { readonly id: string; readonly hash: Buffer; readonly nowMs: number },
): Promise<void> => {
  await transaction.query(
    `update sign_ins set previous_hash = null, successor_sealed = null, current_hash = $2, rotated_at = $3, expires_at = $4
     where id = $1`,
    [signIn.id, signIn.hash, new Date(signIn.nowMs), new Date(signIn.nowMs + SIGN_IN_LIFE_MS)],
  );
};

export const endSignIn = async (transaction: Transaction, signInId: string, nowMs: number): Promise<void> => {
  await transaction.query(
    `update sign_ins set ended_at = $2, previous_hash = null, successor_sealed = null where id = $1 and ended_at is null`,
    [signInId, new Date(nowMs)],
  );
};
