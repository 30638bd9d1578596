/** One question to all other nodes, for answers that are worth no long wait. */
import type { Clock } from "#kernel/clock";
import { within } from "#kernel/within";
import type { Homes } from "#platform/homes";
import type { NodeCalls } from "./calls.ts";

export type AskAllNeeds = {
  readonly homes: Pick<Homes, "nodes">;
  readonly calls: Pick<NodeCalls, "ask">;
  readonly clock: Clock;
};

/** @returns the answers of the nodes that answer in time. Never rejects. */
export const askAll = async (
  { homes, calls, clock }: AskAllNeeds,
  { name, body, withinMs }: { readonly name: string; readonly body: unknown; readonly withinMs: number },
): Promise<unknown[]> => {
  const nodes = (await within(clock, withinMs, homes.nodes())) ?? [];
  const answers = await Promise.all(nodes.map((node) => within(clock, withinMs, calls.ask(node, name, body))));
  return answers.filter((answer) => answer !== undefined);
};
