/** The rows of users. */
import type { Transaction } from "#platform/sql";
import type { Plan, User } from "@atelier/contracts";

export type AccountRow = {
  readonly id: string;
  readonly kind: "guest" | "registered";
  readonly name: string;
  readonly email: string | null;
  readonly avatar: string | null;
  readonly plan: Plan;
  readonly created_at: Date;
};
export const ACCOUNT_COLUMNS = "u.id, u.kind, u.name, u.email, u.avatar, u.plan, u.created_at";

export const toUser = (row: AccountRow): User => ({
  id: row.id,
  kind: row.kind,
  name: row.name,
  plan: row.plan,
  createdAt: row.created_at.toISOString(),
  ...(row.email === null ? {} : { email: row.email }),
  ...(row.avatar === null ? {} : { avatar: row.avatar }),
});

const one = (rows: readonly AccountRow[]): User | undefined => (rows[0] === undefined ? undefined : toUser(rows[0]));

export type NewAccount = {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  /** Absent: a guest. */
  readonly registered?: { readonly email: string; readonly passwordHash: string; readonly isAdmin: boolean };
};

export const insertAccount = async (transaction: Transaction, account: NewAccount): Promise<User> => {
  const { registered } = account;
  const rows = await transaction.query<AccountRow>(
    `insert into users as u (id, kind, name, email, password_hash, is_admin, created_at)
     values ($1, $2, $3, $4, $5, $6, $7) returning ${ACCOUNT_COLUMNS}`,
    [
      account.id,
      registered === undefined ? "guest" : "registered",
      account.name,
      registered?.email ?? null,
      registered?.passwordHash ?? null,
      registered?.isAdmin ?? false,
      account.createdAt,
    ],
  );
  const user = one(rows);
  if (user === undefined) throw new Error("an insert returned no row");
  return user;
};

/** Makes a guest a registered user in the same row, so that the user keeps all projects. */
export const adoptGuest = async (
  transaction: Transaction,
  guest: { readonly id: string; readonly name: string; readonly email: string; readonly passwordHash: string },
): Promise<User | undefined> =>
  one(
    await transaction.query<AccountRow>(
      `update users as u set kind = 'registered', name = $2, email = $3, password_hash = $4
       where u.id = $1 and u.kind = 'guest' and u.disabled_at is null returning ${ACCOUNT_COLUMNS}`,
      [guest.id, guest.name, guest.email, guest.passwordHash],
    ),
  );

export const findAccount = async (transaction: Transaction, userId: string): Promise<User | undefined> =>
  one(await transaction.query<AccountRow>(`select ${ACCOUNT_COLUMNS} from users u where u.id = $1`, [userId]));

/** The password hash of an email address; undefined: no such account, or a disabled one. */
export const findCredentials = async (
  transaction: Transaction,
  email: string,
): Promise<{ readonly user: User; readonly passwordHash: string } | undefined> => {
  const [row] = await transaction.query<AccountRow & { password_hash: string }>(
    `select ${ACCOUNT_COLUMNS}, u.password_hash from users u
     where u.email = $1 and u.kind = 'registered' and u.disabled_at is null`,
    [email],
  );
  return row === undefined ? undefined : { user: toUser(row), passwordHash: row.password_hash };
};

export const updateAccount = async (
  transaction: Transaction,
  userId: string,
  change: { readonly name?: string | undefined; readonly avatar?: string | undefined },
): Promise<User | undefined> =>
  one(
    await transaction.query<AccountRow>(
      `update users as u set name = coalesce($2, u.name), avatar = coalesce($3, u.avatar)
       where u.id = $1 returning ${ACCOUNT_COLUMNS}`,
      [userId, change.name ?? null, change.avatar ?? null],
    ),
  );

export const namesOf = async (
  transaction: Transaction,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const rows = await transaction.query<{ id: string; name: string }>(
    "select id, name from users where id = any($1::uuid[])",
    [userIds],
  );
  return new Map(rows.map((row) => [row.id, row.name]));
};

export type Settings = Record<string, unknown>;

export const readSettings = async (transaction: Transaction, userId: string): Promise<Settings> => {
  const [row] = await transaction.query<{ settings: Settings }>("select settings from users where id = $1", [userId]);
  return row?.settings ?? {};
};

export const writeSettings = async (transaction: Transaction, userId: string, settings: Settings): Promise<void> => {
  await transaction.query("update users set settings = $2::jsonb where id = $1", [userId, JSON.stringify(settings)]);
};
