/** Binds the routes of languages and executions to the service. */
import { createHash } from "node:crypto";
import type { Edge, RequestFacts } from "#platform/http";
import { idempotencyKeyOf } from "#collaboration";
import type { Replay } from "#files";
import { routes } from "@atelier/contracts";
import { atelierJsonSchema } from "@atelier/run-configurations";
import { startBatch } from "./batch.ts";
import type { ExecutionModule } from "./module.ts";
import type { Submitted } from "./service.ts";

/** The same key with another body is another request. @throws Problem request/invalid */
const replayOf = (request: RequestFacts, operation: string, body: unknown): Replay | undefined => {
  const key = idempotencyKeyOf(request);
  if (key === undefined) return undefined;
  return {
    key,
    requestHash: createHash("sha256")
      .update(JSON.stringify([operation, body]))
      .digest(),
  };
};

/** @throws Error when a route was bound before. */
export const registerExecutionHttp = (
  edge: Edge,
  execution: Pick<ExecutionModule, "service" | "languages" | "webhooks" | "log">,
): void => {
  const auditOf = (of: { readonly id: string; readonly projectId: string | null }) => ({
    target: of.id,
    ...(of.projectId === null ? {} : { projectId: of.projectId }),
  });

  edge.bind(routes.languages, async () => ({ status: 200 as const, body: execution.languages() }));

  edge.bind(routes.atelierSchema, async () => ({
    status: 200 as const,
    body: atelierJsonSchema(execution.languages().map(({ id }) => id)),
  }));

  edge.bind(routes.listConfigurations, async ({ actor, params }) => ({
    status: 200 as const,
    body: await execution.service.configurations(actor, params.projectId),
  }));

  edge.bind(routes.startExecution, async ({ actor, body, query, request }) => {
    const wait = query.wait === "true";
    const replay = replayOf(request, "run", body);
    const started: Submitted =
      replay === undefined
        ? { live: await execution.service.submit(actor, body, { interactive: !wait }) }
        : await execution.service.submitOnce(actor, body, { interactive: !wait, replay });
    const id = "live" in started ? started.live.facts.id : started.firstId;
    if (!wait) {
      const state =
        "live" in started
          ? started.live.snapshot({ output: false })
          : { ...(await execution.service.find(actor, id)), stdout: "", stderr: "" };
      return {
        status: 202 as const,
        body: state,
        audit: auditOf(state),
        headers: { location: `/api/executions/${id}` },
      };
    }
    if (!("live" in started)) {
      const ended = await execution.service.ended(actor, id, request.signal);
      return { status: 200 as const, body: ended, audit: auditOf(ended) };
    }
    const { live } = started;
    // Nobody else knows this execution: when its caller leaves, it ends. A caller with a key may come back.
    const leave = (): void => {
      if (replay === undefined) live.cancel();
    };
    if (request.signal.aborted) leave();
    request.signal.addEventListener("abort", leave, { once: true });
    await live.ended;
    request.signal.removeEventListener("abort", leave);
    const ended = live.snapshot({ output: true });
    return { status: 200 as const, body: ended, audit: auditOf(ended) };
  });

  edge.bind(routes.startExecutionBatch, async ({ actor, body, request, admit }) => {
    const answer = await startBatch(execution.service, actor, {
      items: body.items,
      replay: replayOf(request, "batch", body),
      requestId: request.id,
      admit,
      log: execution.log,
    });
    const started = answer.items.flatMap((item) => ("execution" in item ? [item.execution.id] : []));
    return { status: 202 as const, body: answer, audit: { target: started.join(" ") } };
  });

  edge.bind(routes.getExecutionWebhook, async ({ actor, params }) => ({
    status: 200 as const,
    body: await execution.webhooks.find(actor.userId, params.id),
  }));

  edge.bind(routes.getWebhookSecret, async ({ actor }) => ({
    status: 200 as const,
    body: { secret: await execution.webhooks.secretOf(actor.userId) },
  }));

  edge.bind(routes.rotateWebhookSecret, async ({ actor }) => ({
    status: 200 as const,
    body: { secret: await execution.webhooks.rotateSecret(actor.userId) },
  }));

  edge.bind(routes.getExecution, async ({ actor, params }) => ({
    status: 200 as const,
    body: await execution.service.find(actor, params.id),
  }));

  edge.bind(routes.stopExecution, async ({ actor, params }) => {
    const stopped = await execution.service.stop(actor, params.id);
    return { status: 200 as const, body: stopped, audit: auditOf(stopped) };
  });

  edge.bind(routes.listExecutions, async ({ actor, params }) => ({
    status: 200 as const,
    body: { items: await execution.service.list(actor, params.projectId) },
  }));
};
