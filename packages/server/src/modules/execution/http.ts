/** Binds the routes of languages and executions to the service. */
import type { Edge } from "#platform/http";
import { routes } from "@atelier/contracts";
import { atelierJsonSchema } from "@atelier/run-configurations";
import type { ExecutionModule } from "./module.ts";

/** @throws Error when a route was bound before. */
export const registerExecutionHttp = (edge: Edge, execution: Pick<ExecutionModule, "service" | "languages">): void => {
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
    const live = await execution.service.submit(actor, body, { interactive: !wait });
    if (!wait) {
      const started = live.snapshot({ output: false });
      return {
        status: 202 as const,
        body: started,
        audit: auditOf(started),
        headers: { location: `/api/executions/${started.id}` },
      };
    }
    // Only the caller knows this execution: when its connection ends, the execution is stopped.
    const leave = (): void => live.cancel();
    if (request.signal.aborted) leave();
    request.signal.addEventListener("abort", leave, { once: true });
    await live.ended;
    request.signal.removeEventListener("abort", leave);
    const ended = live.snapshot({ output: true });
    return { status: 200 as const, body: ended, audit: auditOf(ended) };
  });

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
