/** Requests to the node that runs an execution: its state, and to stop it. The requesting node authorizes them. */
import { z } from "zod";
import type { HomesNode } from "#platform/homes";
import type { NodeCalls } from "#platform/links";
import { type Execution, ExecutionSchema } from "@atelier/contracts";
import type { ExecutionRegistry } from "./execution-registry.ts";

const FIND = "execution-find";
const STOP = "execution-stop";
const AskedSchema = z.strictObject({ id: z.string() });
const AnswerSchema = z.strictObject({ execution: ExecutionSchema.nullable() });

export interface ExecutionsElsewhere {
  /** undefined: it runs there no more, and its end is stored. @throws Problem server/unavailable */
  find(node: HomesNode, id: string): Promise<Execution | undefined>;
  /** Resolves when it has ended. undefined: as with `find`. @throws Problem server/unavailable */
  stop(node: HomesNode, id: string): Promise<Execution | undefined>;
}

export const createExecutionsElsewhere = (calls: NodeCalls): ExecutionsElsewhere => {
  const ask = async (node: HomesNode, name: string, id: string): Promise<Execution | undefined> =>
    AnswerSchema.parse(await calls.ask(node, name, { id })).execution ?? undefined;
  return {
    find: (node, id) => ask(node, FIND, id),
    stop: (node, id) => ask(node, STOP, id),
  };
};

/** Handles the requests of other nodes for executions that run here. */
export const answerForExecutions = (calls: NodeCalls, registry: Pick<ExecutionRegistry, "get">): void => {
  const liveOf = (body: unknown) => registry.get(AskedSchema.parse(body).id);
  calls.answer(FIND, async (body) => ({ execution: liveOf(body)?.snapshot({ output: true }) ?? null }));
  calls.answer(STOP, async (body) => {
    const live = liveOf(body);
    live?.cancel();
    await live?.ended;
    return { execution: live?.snapshot({ output: true }) ?? null };
  });
};
