/** Calls the route table as the signed-in user: `call(routes.createFile, { params, body })`. */
import type { Route, RouteAnswer } from "@atelier/contracts";
import { ApiProblem } from "./api-problem.ts";
import type { Session } from "./session.ts";
import type { CallInput, LooseInput, Transport } from "./transport.ts";

const MAX_TRIES = 4;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 10_000;

export type Call = <R extends Route>(route: R, input: CallInput<R>) => Promise<RouteAnswer<R>>;

export type ApiDependencies = {
  readonly transport: Transport;
  readonly session: Pick<Session, "token">;
  readonly sleep: (ms: number) => Promise<void>;
  /** 0 up to 1; spreads the retries of many pages. */
  readonly random: () => number;
};

/** Delay before try `n` (from 1), with jitter; the server's Retry-After is a lower bound. */
export const retryWaitMs = (attempt: number, random: number, retryAfterMs = 0): number => {
  const backOff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
  return Math.round(Math.max(backOff / 2 + (backOff / 2) * random, Math.min(retryAfterMs, LONGEST_WAIT_MS)));
};

const isWorthAnotherTry = (error: unknown, route: Route): error is ApiProblem =>
  error instanceof ApiProblem && route.method === "GET" && (error.status === 429 || error.status === 503);

/** GETs are repeated on 429 and 503; a token that was refused is renewed once. */
export const createApi = ({ transport, session, sleep, random }: ApiDependencies): Call => {
  const attempt = async <R extends Route>(route: R, input: LooseInput): Promise<RouteAnswer<R>> => {
    const token = route.access === "anyone" ? undefined : await session.token();
    try {
      return await transport(route, input, token);
    } catch (error) {
      const isStale = error instanceof ApiProblem && error.code === "identity/token-invalid" && token !== undefined;
      if (!isStale) throw error;
      return transport(route, input, await session.token({ renew: true }));
    }
  };

  return async <R extends Route>(route: R, input: CallInput<R>) => {
    for (let count = 1; ; count += 1) {
      try {
        return await attempt(route, input as LooseInput);
      } catch (error) {
        if (count >= MAX_TRIES || !isWorthAnotherTry(error, route)) throw error;
        await sleep(retryWaitMs(count, random(), error.retryAfterMs));
      }
    }
  };
};
