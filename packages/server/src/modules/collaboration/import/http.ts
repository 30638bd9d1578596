/** The route that imports an archive. */
import { routes } from "@atelier/contracts";
import type { Edge } from "#platform/http";
import { idempotencyKeyOf } from "../live-files/idempotency-key.ts";
import type { ArchiveImports } from "./archive-imports.ts";

export const registerImportHttp = (edge: Edge, imports: ArchiveImports): void => {
  edge.bind(routes.importArchive, async ({ actor, params, query, body, request }) => {
    const report = await imports.importArchive(actor, params.projectId, {
      body,
      into: query.path,
      keepsTopFolder: query.topFolder === "keep",
      idempotencyKey: idempotencyKeyOf(request),
      signal: request.signal,
    });
    const target = `${report.imported} files, ${report.skippedCount} skipped`;
    return { status: 200 as const, body: report, audit: { projectId: params.projectId, target } };
  });
};
