/** Decides which executions run and which wait: a bounded queue that users share by weighted round robin. */
import type { Plan } from "@atelier/contracts";
import { queueFull } from "./errors.ts";
import { PLAN_LIMITS } from "./plan-limits.ts";

export type AdmissionOptions = {
  /** Executions that run concurrently. */
  readonly concurrency: number;
  /** Executions that wait at once; for plans with a `queueReserve` it is larger. */
  readonly capacity: number;
};

/** A slot: first in the queue, then of a running execution. `leave` releases it in both states. */
export type Slot = {
  /** Joins the queue. `begin` is called once, possibly at once; `moved` with the new position whenever it changes. */
  enter(turn: { begin(): void; moved(position: number): void }): void;
  leave(): void;
  /** Marks a running execution as waiting for input: it frees its slot until it wakes, when one more than the limit may run. */
  rest(): void;
  wake(): void;
};

export interface Admission {
  /** @throws Problem execution/queue-full with the seconds after which to try again. */
  reserve(user: { readonly userId: string; readonly plan: Plan }): Slot;
  readonly waiting: number;
  readonly running: number;
}

type Entry = {
  account: Account;
  readonly arrival: number;
  stage: "reserved" | "waiting" | "running" | "resting" | "gone";
  position: number;
  startedMs: number;
  turn?: { begin(): void; moved(position: number): void };
};

/** A user with executions in the queue or running. */
type Account = {
  readonly userId: string;
  plan: Plan;
  /** In order of arrival. */
  readonly queue: Set<Entry>;
  running: number;
  /** Start-time fair queueing: what the user was served so far, in runs divided by the weight. The user with the least is next. */
  served: number;
};

const DURATION_WEIGHT = 0.1;
/** Above it, users who run nothing are forgotten early. */
const MAX_ACCOUNTS = 1000;
/** Positions up to this are exact; those behind it follow user by user. */
const EXACT_POSITIONS = 256;

/** A user who may have the next slot. */
type Contender = Pick<Account, "plan" | "running" | "served"> & { readonly first: Entry };

/**
 * The contender who gets the next slot: with fewest running (for the weight), then the least served, then the earliest. `served` below the
 * virtual time counts as the virtual time: turns that a user missed while their long runs had the slots are not made up for, because
 * others would wait for all of them.
 */
const choose = <C extends Contender>(contenders: Iterable<C>, virtualTime: number): C | undefined => {
  let best: C | undefined;
  let bestLoad = 0;
  for (const each of contenders) {
    const { weight, concurrent } = PLAN_LIMITS[each.plan];
    if (each.running >= concurrent) continue;
    const load = each.running / weight;
    const isBetter =
      best === undefined ||
      (load - bestLoad ||
        Math.max(each.served, virtualTime) - Math.max(best.served, virtualTime) ||
        each.first.arrival - best.first.arrival) < 0;
    if (!isBetter) continue;
    best = each;
    bestLoad = load;
  }
  return best;
};

/** Counts a begun run of the user; returns the new virtual time. */
const serve = (user: Pick<Account, "plan" | "served">, virtualTime: number): number => {
  const begun = Math.max(user.served, virtualTime);
  user.served = begun + 1 / PLAN_LIMITS[user.plan].weight;
  return begun;
};

/** The order in which the waiting executions begin if runs end in the order in which they began, and nothing else arrives. */
const forecast = (accounts: Iterable<Account>, running: Iterable<Entry>, virtualTime: number): Entry[] => {
  type User = { plan: Plan; running: number; served: number; queue: Entry[]; first: Entry };
  const users = new Map<Account, User>();
  const contenders = new Set<User>();
  for (const account of accounts) {
    const queue = [...account.queue].toReversed();
    const first = queue.pop();
    if (first === undefined) continue;
    const user = { plan: account.plan, running: account.running, served: account.served, queue, first };
    users.set(account, user);
    contenders.add(user);
  }
  const order: Entry[] = [];
  const ends = [...running].map(({ account }) => users.get(account));
  let time = virtualTime;
  for (const ended of ends) {
    if (ended !== undefined) ended.running -= 1;
    const user = choose(contenders, time);
    if (user === undefined) continue;
    time = serve(user, time);
    user.running += 1;
    ends.push(user);
    order.push(user.first);
    const following = user.queue.pop();
    if (following === undefined) contenders.delete(user);
    else user.first = following;
    if (order.length === EXACT_POSITIONS) break;
  }
  return [...order, ...[...contenders].flatMap(({ first, queue }) => [first, ...queue.toReversed()])];
};

/** @param now a monotonic clock in milliseconds: measures how long runs take, for Retry-After. */
export const createAdmission = ({ concurrency, capacity }: AdmissionOptions, now: () => number): Admission => {
  const accounts = new Map<string, Account>();
  /** In the order in which they began. */
  const running = new Set<Entry>();
  let queued = 0;
  let arrivals = 0;
  /** The greatest `served` with which an execution began. */
  let virtualTime = 0;
  let typicalMs = 1000;

  const accountOf = (userId: string, plan: Plan): Account => {
    const account = accounts.get(userId) ?? { userId, plan, queue: new Set(), running: 0, served: 0 };
    account.plan = plan;
    accounts.set(userId, account);
    return account;
  };
  const retryAfterSeconds = (): number =>
    Math.min(60, Math.max(1, Math.ceil((queued / concurrency) * (typicalMs / 1000))));

  const dequeue = (entry: Entry): void => {
    if (entry.account.queue.delete(entry)) queued -= 1;
  };
  const run = (entry: Entry): void => {
    entry.stage = "running";
    entry.startedMs = now();
    entry.account.running += 1;
    running.add(entry);
  };
  const endRun = (entry: Entry): void => {
    entry.account.running -= 1;
    running.delete(entry);
  };

  const contenders = function* (): Generator<Contender> {
    for (const account of accounts.values()) {
      for (const first of account.queue) {
        if (first.stage !== "waiting") continue;
        yield { plan: account.plan, running: account.running, served: account.served, first };
        break;
      }
    }
  };

  /** What a user was served counts until the others were served as much. */
  const forgetIdle = (): void => {
    for (const account of accounts.values()) {
      if (account.queue.size > 0 || account.running > 0) continue;
      if (account.served > virtualTime && queued > 0 && accounts.size <= MAX_ACCOUNTS) continue;
      accounts.delete(account.userId);
    }
  };

  const tellPositions = (): void => {
    if (queued === 0) return;
    for (const [index, entry] of forecast(accounts.values(), running, virtualTime).entries()) {
      const position = index + 1;
      if (entry.position === position) continue;
      entry.position = position;
      if (entry.stage === "waiting") entry.turn?.moved(position);
    }
  };

  const dispatch = (): void => {
    while (running.size < concurrency) {
      const entry = choose(contenders(), virtualTime)?.first;
      if (entry === undefined) break;
      dequeue(entry);
      virtualTime = serve(entry.account, virtualTime);
      run(entry);
      entry.turn?.begin();
    }
    forgetIdle();
    tellPositions();
  };

  return {
    reserve({ userId, plan }) {
      const { concurrent, waiting, queueReserve } = PLAN_LIMITS[plan];
      const known = accounts.get(userId);
      // An execution that can begin at once does not wait, although it passes through the queue.
      if ((known?.queue.size ?? 0) >= waiting + Math.max(0, concurrent - (known?.running ?? 0))) {
        throw queueFull(`You have ${waiting} programs waiting already.`, retryAfterSeconds());
      }
      if (queued >= Math.ceil(capacity * (1 + queueReserve)) + concurrency - running.size) {
        throw queueFull("Too many programs are waiting to run.", retryAfterSeconds());
      }
      const account = accountOf(userId, plan);
      const entry: Entry = { account, arrival: arrivals++, stage: "reserved", position: 0, startedMs: 0 };
      account.queue.add(entry);
      queued += 1;
      return {
        enter(turn) {
          if (entry.stage !== "reserved") return;
          entry.stage = "waiting";
          entry.turn = turn;
          entry.position = 0;
          dispatch();
        },
        rest() {
          if (entry.stage !== "running") return;
          entry.stage = "resting";
          endRun(entry);
          dispatch();
        },
        wake() {
          if (entry.stage !== "resting") return;
          // The user may have been forgotten meanwhile.
          entry.account = accountOf(userId, plan);
          run(entry);
        },
        leave() {
          if (entry.stage === "running") {
            typicalMs += (now() - entry.startedMs - typicalMs) * DURATION_WEIGHT;
            endRun(entry);
          }
          dequeue(entry);
          entry.stage = "gone";
          dispatch();
        },
      };
    },
    get waiting() {
      return queued;
    },
    get running() {
      return running.size;
    },
  };
};
