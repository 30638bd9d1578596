/** Requests to the node that runs executions: their states, and to stop one. The requesting node authorizes them. */
import { z } from "zod";
import type { HomesNode } from "#platform/homes";
import type { NodeCalls } from "#platform/links";
import { type Execution, ExecutionSchema } from "@atelier/contracts";
import type { ExecutionRegistry } from "./execution-registry.ts";

const FIND = "execution-find";
const STOP = "execution-stop";
const STATES = "execution-states";
const AskedSchema = z.strictObject({ id: z.string() });
const AnswerSchema = z.strictObject({ execution: ExecutionSchema.nullable() });
const AskedStatesSchema = z.strictObject({ ids: z.array(z.string()) });
const StatesSchema = z.strictObject({ executions: z.array(ExecutionSchema) });

export interface ExecutionsElsewhere {
  /** @returns undefined when it no longer runs there: its end is stored. @throws Problem server/unavailable */
  find(node: HomesNode, id: string): Promise<Execution | undefined>;
  /** Resolves when it has ended. undefined: as with `find`. @throws Problem server/unavailable */
  stop(node: HomesNode, id: string): Promise<Execution | undefined>;
  /** Those of them that are there, without their output. @throws Problem server/unavailable */
  states(node: HomesNode, ids: readonly string[]): Promise<Execution[]>;
}

export const createExecutionsElsewhere = (calls: NodeCalls): ExecutionsElsewhere => {
  const ask = async (node: HomesNode, name: string, id: string): Promise<Execution | undefined> =>
    AnswerSchema.parse(await calls.ask(node, name, { id })).execution ?? undefined;
  return {
    find: (node, id) => ask(node, FIND, id),
    stop: (node, id) => ask(node, STOP, id),
    states: async (node, ids) => StatesSchema.parse(await calls.ask(node, STATES, { ids })).executions,
  };
};

/** Handles the requests of other nodes for executions that run here. */
export const answerForExecutions = (calls: NodeCalls, registry: Pick<ExecutionRegistry, "get">): void => {
  const liveOf = (body: unknown) => registry.get(AskedSchema.parse(body).id);
  calls.answer(FIND, async (body) => ({ execution: liveOf(body)?.snapshot({ output: true }) ?? null }));
  calls.answer(STATES, async (body) => ({
    executions: AskedStatesSchema.parse(body).ids.flatMap((id) => registry.get(id)?.snapshot({ output: false }) ?? []),
  }));
  calls.answer(STOP, async (body) => {
    const live = liveOf(body);
    live?.cancel();
    await live?.ended;
    return { execution: live?.snapshot({ output: true }) ?? null };
  });
};
