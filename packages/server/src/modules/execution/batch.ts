/** A batch of executions: each item is checked and admitted on its own, in the order of the request. */
import type { Actor } from "#kernel/actor";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { Replay } from "#files";
import { invalidRequest, retryAfter, toProblem } from "#platform/http";
import { type ExecutionBatch, StartExecutionSchema } from "@atelier/contracts";
import type { ExecutionService } from "./service.ts";

export type BatchRequest = {
  readonly items: readonly unknown[];
  /** The request's key and hash; each item has a key of its own below it, so that a repeated batch starts only what was refused. */
  readonly replay: Replay | undefined;
  readonly requestId: string;
  /** Counts an item in the caller's rate limits; the first is counted by its request. @throws Problem */
  readonly admit: () => Promise<void>;
  readonly log: Log;
};

/** @throws Problem projects/idempotency-mismatch when another request had the key */
export const startBatch = async (
  service: Pick<ExecutionService, "submitOnce" | "submit" | "find">,
  actor: Actor,
  { items, replay, requestId, admit, log }: BatchRequest,
): Promise<ExecutionBatch> => {
  const start = async (item: unknown, index: number): Promise<ExecutionBatch["items"][number]> => {
    if (index > 0) await admit();
    const request = StartExecutionSchema.safeParse(item);
    if (!request.success) throw invalidRequest(`body.items.${index}`, request.error);
    // Nobody can type into a run of a batch.
    const options = { interactive: false };
    if (replay === undefined) {
      const live = await service.submit(actor, request.data, options);
      return { execution: live.snapshot({ output: false }) };
    }
    // A client's key has no space.
    const key = `${replay.key} ${index}`;
    const started = await service.submitOnce(actor, request.data, { ...options, replay: { ...replay, key } });
    if ("live" in started) return { execution: started.live.snapshot({ output: false }) };
    return { execution: { ...(await service.find(actor, started.firstId)), stdout: "", stderr: "" } };
  };

  const answers: ExecutionBatch["items"] = [];
  for (const [index, item] of items.entries()) {
    try {
      answers.push(await start(item, index));
    } catch (error) {
      const problem = toProblem(error);
      if (problem.code === "projects/idempotency-mismatch") throw problem;
      if (!(error instanceof Problem)) log.error("execution.batch-item-failed", { requestId, error });
      const seconds = retryAfter(problem);
      answers.push({
        problem: problem.toBody(requestId),
        ...(seconds === undefined ? {} : { retryAfterSeconds: Number(seconds) }),
      });
    }
  }
  return { items: answers };
};
