/** Sends an archive to a project with the progress of the upload, which fetch does not tell. */
import { type ImportReport, type RouteQueryInput, routes } from "@atelier/contracts";
import { problemFrom, Unreachable } from "../../app/api-problem.ts";
import type { App } from "../../app/services.ts";
import { routeAddress } from "../../app/transport.ts";

export type ArchiveUpload = {
  readonly projectId: string;
  readonly archive: Blob;
  readonly query?: RouteQueryInput<typeof routes.importArchive>;
  readonly signal: AbortSignal;
  /** From 0 to 1; 1: everything is sent, the server unpacks. */
  readonly onProgress: (sent: number) => void;
};

/** @throws ApiProblem for an error answer, Unreachable when there is none, the signal's reason when aborted */
export const sendArchive = async (
  app: App,
  { projectId, archive, query, signal, onProgress }: ArchiveUpload,
): Promise<ImportReport> => {
  const token = await app.session.token();
  const address = routeAddress(routes.importArchive, { params: { projectId }, query: query ?? {} });
  const answer = await new Promise<Response>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${app.boot.basePath}${address}`);
    request.responseType = "text";
    request.setRequestHeader("accept", "application/json");
    request.setRequestHeader("content-type", "application/octet-stream");
    if (token !== undefined) request.setRequestHeader("authorization", `Bearer ${token}`);
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total));
    request.addEventListener("load", () => {
      const headers = new Headers();
      for (const name of ["content-type", "retry-after"]) {
        const value = request.getResponseHeader(name);
        if (value !== null) headers.set(name, value);
      }
      resolve(new Response(request.responseText, { status: request.status, headers }));
    });
    request.addEventListener("error", () => reject(new Unreachable("no answer")));
    request.addEventListener("abort", () => reject(signal.reason as Error));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    if (signal.aborted) reject(signal.reason as Error);
    else request.send(archive);
  });
  if (!answer.ok) throw await problemFrom(answer);
  return (await answer.json()) as ImportReport;
};
