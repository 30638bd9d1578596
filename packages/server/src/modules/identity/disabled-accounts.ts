/**
 * Finds accounts that any process has disabled, and ends their sign-ins. It polls the database twice a second, because a notification
 * could be lost with its connection, while a failed poll is repeated.
 */
import type { Clock, Timer } from "#kernel/clock";
import type { Log } from "#kernel/log";
import type { Transaction } from "#platform/sql";

const EVERY_MS = 500;
/** A transaction may commit later than the time that it has written, so each poll also reads rows that are this much older. */
const OVERLAP_MS = 60_000;

export type DisabledAccounts = {
  /** Ends the sign-ins of accounts that are disabled already, and starts polling. */
  start(): void;
  /** Resolves when the next poll has ended; for tests. */
  look(): Promise<void>;
  stop(): Promise<void>;
};

export type DisabledAccountsParts = {
  readonly within: <T>(work: (transaction: Transaction) => Promise<T>) => Promise<T>;
  readonly clock: Clock;
  readonly log: Log;
  /** Called once for each account, with the sign-ins that were ended. */
  readonly onDisabled: (userId: string, signInIds: readonly string[]) => void;
};

type DisabledRow = { readonly id: string; readonly disabled_ms: string; readonly now_ms: string };

const SELECT = `
  select id, extract(epoch from disabled_at) * 1000 as disabled_ms, extract(epoch from now()) * 1000 as now_ms
  from users where disabled_at > to_timestamp($1::double precision / 1000)`;

const END = `
  update sign_ins set ended_at = now(), previous_hash = null, successor_sealed = null
  where user_id = $1 and ended_at is null returning id`;

export const watchDisabledAccounts = (parts: DisabledAccountsParts): DisabledAccounts => {
  const { within, clock, log } = parts;
  /** Account id to the time when it was disabled, for accounts that were handled. */
  const known = new Map<string, number>();
  let sinceMs = 0;
  let timer: Timer | undefined;
  let isStopped = false;
  let isFailing = false;
  let looking: Promise<void> = Promise.resolve();

  const ask = async (): Promise<void> => {
    const rows = await within((transaction) => transaction.query<DisabledRow>(SELECT, [sinceMs]));
    for (const row of rows) {
      const disabledMs = Number(row.disabled_ms);
      if (known.get(row.id) === disabledMs) continue;
      const ended = await within((transaction) => transaction.query<{ id: string }>(END, [row.id]));
      known.set(row.id, disabledMs);
      parts.onDisabled(
        row.id,
        ended.map(({ id }) => id),
      );
      log.info("identity.account-disabled", { userId: row.id, signIns: ended.length });
    }
    const newestMs = Math.max(sinceMs, ...rows.map((row) => Number(row.disabled_ms)));
    sinceMs = Math.max(sinceMs, newestMs - OVERLAP_MS);
    for (const [id, disabledMs] of known) if (disabledMs < sinceMs) known.delete(id);
  };
  const look = (): Promise<void> =>
    (looking = looking.then(ask).then(
      () => {
        isFailing = false;
      },
      (error: unknown) => {
        // Logged once per outage of the database.
        if (!isFailing) log.warn("identity.disabled-accounts-unknown", { error });
        isFailing = true;
      },
    ));
  const schedule = (): void => {
    if (isStopped) return;
    timer = clock.after(EVERY_MS, () => void look().then(schedule));
  };

  return {
    look,
    start: schedule,
    async stop() {
      isStopped = true;
      timer?.cancel();
      await looking;
    },
  };
};
