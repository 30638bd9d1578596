/** Requests from one node to another: one channel each, with one response. */
import { CLOSE, type ProblemCode, PROBLEMS } from "@atelier/contracts";
import type { Clock } from "#kernel/clock";
import { Problem } from "#kernel/problem";
import { type ChannelTraits, frameCost } from "#platform/channels";
import type { HomesNode } from "#platform/homes";
import type { Links } from "./ports.ts";

const DEADLINE_MS = 10_000;
const TRAITS: ChannelTraits = { priority: 1, maxFrameBytes: 64 * 1024 * 1024 };

type Answer =
  | { readonly value: unknown }
  | { readonly problem: { readonly code: ProblemCode; readonly detail?: string; readonly retryAfterSeconds?: number } };

export interface NodeCalls {
  /**
   * Sends a request to a node. `body` and the response are plain JSON.
   * @throws the Problem that the other node threw; Problem `server/unavailable` when it can't be reached or does not respond in time
   */
  ask(node: HomesNode, name: string, body: unknown): Promise<unknown>;
  /** Handles the requests of other nodes. */
  answer(name: string, handler: (body: unknown) => Promise<unknown>): void;
}

const unavailable = (): Problem =>
  new Problem("server/unavailable", "Another server does not respond.", { retryAfterSeconds: 1 });

const problemOf = (error: unknown): Answer => {
  if (!(error instanceof Problem)) return { problem: { code: "server/internal" } };
  const { code, detail, extra } = error;
  return {
    problem: {
      code,
      ...(detail === undefined ? {} : { detail }),
      ...(extra.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: extra.retryAfterSeconds }),
    },
  };
};

export const createNodeCalls = (links: Links, clock: Clock): NodeCalls => ({
  async ask({ address }, name, body) {
    if (address === null) throw unavailable();
    const channel = await links.open(address, { kind: name, body }, TRAITS);
    let answer: Answer | undefined;
    channel.onFrame((frame) => {
      answer = JSON.parse(String(frame)) as Answer;
      channel.credit(frameCost(frame));
    });
    const deadline = clock.after(DEADLINE_MS, () => channel.close(CLOSE.overloaded, "too late"));
    await channel.closed;
    deadline.cancel();
    if (answer === undefined) throw unavailable();
    if ("value" in answer) return answer.value;
    const { code, detail, retryAfterSeconds } = answer.problem;
    if (!(code in PROBLEMS)) throw unavailable();
    throw new Problem(code, detail, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
  },
  answer(name, handler) {
    links.serve(name, (body) => ({
      traits: TRAITS,
      serve(channel) {
        void handler(body)
          .then((value): Answer => ({ value: value ?? null }), problemOf)
          .then((answer) => {
            channel.send(JSON.stringify(answer));
            channel.close(1000, "answered");
          });
      },
    }));
  },
});
