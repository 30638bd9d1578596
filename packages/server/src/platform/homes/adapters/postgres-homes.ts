/**
 * Homes as rows of PostgreSQL. A node renews one row for itself; its homes last as long as that row. Only the database's clock decides on
 * expiry. A node that could not renew in time gives its homes up by its own clock, a margin before other nodes can claim them.
 */
import type { Clock, Timer } from "#kernel/clock";
import { createId } from "#kernel/ids";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { Sql } from "#platform/sql";
import { HomeTaken } from "../home-taken.ts";
import { createClaimedHome } from "../claimed-home.ts";
import { createNameQueue } from "../name-queue.ts";
import type { Homes, HomesNode } from "../ports.ts";

/** The time from a renewal of a node's row until it expires. */
const NODE_LIFE_MS = 20_000;
const RENEW_EVERY_MS = 5_000;
const RETRY_MS = 1_000;
/** A margin for clocks of different speed and delays of this process's event loop. */
const MARGIN_MS = 4_000;

type Node = {
  readonly id: string;
  /** On this process's monotonic clock: the time at which it gives its homes up. */
  untilMs: number;
};

type ClaimRow = {
  readonly claimed_fence: number | null;
  readonly holder: string | null;
  readonly holder_address: string | null;
};

export type PostgresHomesNeeds = {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly log: Log;
  /** The address at which other nodes reach this one; null: none. */
  readonly address: string | null;
};

const REGISTER = `insert into server_nodes (id, address, expires_at)
  values ($1, $2, clock_timestamp() + $3::double precision * interval '1 millisecond')`;
/** An expired row is not renewed, because another node may have claimed its homes. */
const RENEW = `update server_nodes set expires_at = clock_timestamp() + $2::double precision * interval '1 millisecond'
  where id = $1 and expires_at > clock_timestamp() returning id`;
const FORGET_DEAD = "delete from server_nodes where expires_at < clock_timestamp() - interval '1 minute'";
const CLAIM = "select claimed_fence, holder, holder_address from atelier_claim_home($1, $2)";
const FIND = `select n.id, n.address from homes h join server_nodes n on n.id = h.node_id
  where h.name = $1 and n.expires_at > clock_timestamp()`;
const OTHERS = "select id, address from server_nodes where expires_at > clock_timestamp() and id is distinct from $1";
const GIVE_UP = "delete from homes where name = $1 and node_id = $2";

/** `start` registers the node, and throws errors of the database; disposal gives all homes up. */
export const createPostgresHomes = ({ sql, clock, log, address }: PostgresHomesNeeds): Homes & Component => {
  const queue = createNameQueue(clock);
  const claimed = new Map<string, AbortController>();
  /** Names whose row may still exist although this process has given the home up. */
  const unreleased = new Set<string>();
  let node: Node | undefined;
  let lastId: string | undefined;
  let isStopped = false;
  let isFailing = false;
  let timer: Timer | undefined;
  let deadline: Timer | undefined;
  let working: Promise<void> = Promise.resolve();

  const run = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
    sql.transaction({ role: "jobs" }, (transaction) => transaction.query<Row>(text, values));

  const isAlive = (own: Node | undefined): own is Node =>
    own !== undefined && own === node && clock.monotonic() < own.untilMs;

  const loseAll = (): void => {
    node = undefined;
    deadline?.cancel();
    unreleased.clear();
    const names = [...claimed];
    claimed.clear();
    if (names.length > 0) log.warn("homes.lost", { homes: names.length });
    for (const [name, lost] of names) {
      lost.abort();
      queue.pass(name);
    }
  };

  const watchDeadline = (own: Node): void => {
    deadline?.cancel();
    deadline = clock.after(Math.max(0, own.untilMs - clock.monotonic()), () => {
      if (own === node) loseAll();
    });
  };

  const register = async (): Promise<void> => {
    const own: Node = { id: createId(clock.now()), untilMs: clock.monotonic() + NODE_LIFE_MS - MARGIN_MS };
    if (lastId !== undefined) await run("delete from server_nodes where id = $1", [lastId]);
    lastId = own.id;
    await run(REGISTER, [own.id, address, NODE_LIFE_MS]);
    await run(FORGET_DEAD);
    node = own;
    watchDeadline(own);
    log.info("homes.node-registered", { nodeId: own.id });
  };

  const renew = async (own: Node): Promise<void> => {
    const sentMs = clock.monotonic();
    const rows = await run(RENEW, [own.id, NODE_LIFE_MS]);
    // A response after the deadline is ignored: the homes were given up.
    if (own !== node) return;
    if (rows.length === 0) return loseAll();
    own.untilMs = sentMs + NODE_LIFE_MS - MARGIN_MS;
    watchDeadline(own);
  };

  const giveUp = async (name: string, own: Node): Promise<void> => {
    try {
      if (own === node) await run(GIVE_UP, [name, own.id]);
      unreleased.delete(name);
    } catch (error) {
      if (own === node) unreleased.add(name);
      log.debug("homes.release-failed", { error });
    }
  };

  const giveUpRest = async (own: Node): Promise<void> => {
    const names = [...unreleased];
    for (const name of names) {
      try {
        await queue.take(name, 0);
      } catch {
        // It was claimed again: the release of that claim removes the row.
        unreleased.delete(name);
        continue;
      }
      await giveUp(name, own);
      queue.pass(name);
    }
  };

  const beat = async (): Promise<void> => {
    try {
      if (node === undefined) await register();
      else await renew(node);
      if (node !== undefined) await giveUpRest(node);
      isFailing = false;
    } catch (error) {
      // Logged once per outage of the database.
      if (!isFailing) log.warn("homes.not-renewed", { error });
      isFailing = true;
    }
    schedule();
  };
  const schedule = (): void => {
    if (isStopped) return;
    timer = clock.after(isFailing || node === undefined ? RETRY_MS : RENEW_EVERY_MS, () => {
      working = beat();
    });
  };

  return {
    name: "homes",
    areShared: true,
    async start() {
      await register();
      schedule();
    },
    async claim(name, { waitMs = 0 } = {}) {
      await queue.take(name, waitMs);
      try {
        const own = node;
        if (!isAlive(own)) throw new Problem("server/unavailable");
        const [row] = await run<ClaimRow>(CLAIM, [name, own.id]);
        if (row !== undefined && row.holder !== null)
          throw new HomeTaken(name, { at: "node", node: { id: row.holder, address: row.holder_address } });
        if (row === undefined || row.claimed_fence === null || !isAlive(own)) throw new Problem("server/unavailable");
        return createClaimedHome(claimed, {
          name,
          fence: BigInt(row.claimed_fence),
          async whenReleased() {
            await giveUp(name, own);
            queue.pass(name);
          },
        });
      } catch (error) {
        // The claim's outcome may be unknown.
        if (!(error instanceof HomeTaken)) unreleased.add(name);
        queue.pass(name);
        throw error;
      }
    },
    async find(name) {
      if (claimed.has(name)) return { at: "here" };
      const [row] = await run<{ id: string; address: string | null }>(FIND, [name]);
      return row === undefined || row.id === node?.id || row.id === lastId
        ? { at: claimed.has(name) ? "here" : "nobody" }
        : { at: "node", node: { id: row.id, address: row.address } };
    },
    nodes: () => run<HomesNode>(OTHERS, [lastId ?? null]),
    async [Symbol.asyncDispose]() {
      isStopped = true;
      timer?.cancel();
      await working;
      loseAll();
      if (lastId === undefined) return;
      await run("delete from server_nodes where id = $1", [lastId]).catch((error: unknown) =>
        log.warn("homes.node-not-removed", { error }),
      );
    },
  };
};
