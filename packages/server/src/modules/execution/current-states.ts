/** The current states of executions: a row has `queued` until the end is stored; only the node that runs the execution has its state. */
import type { Log } from "#kernel/log";
import type { Homes, HomesNode } from "#platform/homes";
import { type Execution, hasEnded } from "@atelier/contracts";
import type { ExecutionRegistry } from "./execution-registry.ts";
import type { ExecutionStore } from "./execution-store.ts";
import type { ExecutionsElsewhere } from "./executions-elsewhere.ts";
import { homeOfExecution } from "./left-behind.ts";

export type CurrentStatesNeeds = {
  readonly registry: Pick<ExecutionRegistry, "get">;
  readonly homes: Pick<Homes, "find">;
  readonly elsewhere: Pick<ExecutionsElsewhere, "states">;
  readonly store: Pick<ExecutionStore, "fail">;
  readonly log: Log;
};

/** Returns the rows with their current states, without output. `again` reads the rows again. */
export type CurrentStates = (
  rows: readonly Execution[],
  again: () => Promise<readonly Execution[]>,
) => Promise<Execution[]>;

export const createCurrentStates = ({ registry, homes, elsewhere, store, log }: CurrentStatesNeeds): CurrentStates => {
  const here = (row: Execution): Execution => registry.get(row.id)?.snapshot({ output: false }) ?? row;

  /** Its state at the node that runs it. A node that can't be reached says nothing: the rows are the last that is known. */
  const statesAt = async (node: HomesNode, ids: readonly string[]): Promise<readonly Execution[]> => {
    try {
      return await elsewhere.states(node, ids);
    } catch (error) {
      log.warn("execution.states-unknown", { node: node.id, count: ids.length, error });
      return [];
    }
  };

  return async (rows, again) => {
    const unknown = rows.filter(({ id, status }) => !hasEnded(status) && registry.get(id) === undefined);
    if (unknown.length === 0) return rows.map(here);
    const found = await Promise.all(
      unknown.map(async ({ id }) => ({ id, ...(await homes.find(homeOfExecution(id))) })),
    );
    // Their node died, or has just stored the end.
    const homeless = found.filter(({ at }) => at === "nobody").map(({ id }) => id);
    if (homeless.length > 0) await store.fail(homeless);
    const nodes = new Map(found.flatMap((run) => (run.at === "node" ? [[run.node.id, run.node]] : [])));
    const answers = await Promise.all(
      [...nodes.values()].map((node) =>
        statesAt(
          node,
          found.flatMap((run) => (run.at === "node" && run.node.id === node.id ? [run.id] : [])),
        ),
      ),
    );
    const states = new Map(answers.flat().map((execution) => [execution.id, execution]));
    // A run without a home, and one that its node has forgotten, have their ends in their rows by now.
    const newest = unknown.every(({ id }) => states.has(id)) ? rows : await again();
    return newest.map((row) => (hasEnded(row.status) ? row : (states.get(row.id) ?? here(row))));
  };
};
