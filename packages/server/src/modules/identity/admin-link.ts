/** The one-time link for the administrator's account: only its hash is stored, and a new one replaces the old one. */
import type { Transaction } from "#platform/sql";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const KEY = "admin-link";
const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

/** Creates a token; undefined when there is an administrator already. */
export const createAdminToken = async (transaction: Transaction): Promise<string | undefined> => {
  const admins = await transaction.query("select 1 from users where is_admin limit 1");
  if (admins.length > 0) return undefined;
  const token = randomBytes(24).toString("base64url");
  await transaction.query(
    `insert into installation (key, value) values ($1, $2::jsonb)
     on conflict (key) do update set value = excluded.value, updated_at = now()`,
    [KEY, JSON.stringify({ hash: hashOf(token) })],
  );
  return token;
};

/** Uses the link up; false when it is not the newest one or was used. */
export const takeAdminToken = async (transaction: Transaction, token: string): Promise<boolean> => {
  const [row] = await transaction.query<{ value: { hash?: unknown } }>(
    "select value from installation where key = $1 for update",
    [KEY],
  );
  const { hash } = row?.value ?? {};
  if (typeof hash !== "string") return false;
  if (!timingSafeEqual(Buffer.from(hash, "hex"), Buffer.from(hashOf(token), "hex"))) return false;
  await transaction.query("delete from installation where key = $1", [KEY]);
  return true;
};
