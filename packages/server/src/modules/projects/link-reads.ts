/**
 * Records reads of a project by members who joined by a share link in the audit log: one row per hour for each user, project and
 * sign-in, for all reads together. It wraps the HTTP edge, so that it covers every route of every module. The page has no route and
 * calls `note` itself.
 */
import type { Actor } from "#kernel/actor";
import type { Clock } from "#kernel/clock";
import type { Log } from "#kernel/log";
import type { AuditTrail } from "#platform/audit";
import type { Call, Edge, Handler, SocketCall } from "#platform/http";
import type { Route } from "@atelier/contracts";
import type { Projects } from "./service.ts";

const AGAIN_AFTER_MS = 3_600_000;
/** Above this number the oldest entries are evicted, and their next read is recorded once more. */
const MAX_REMEMBERED = 50_000;

export type LinkReadsNeeds = {
  readonly projects: Pick<Projects, "linkOf">;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly log: Log;
};

type From = Pick<SocketCall["request"], "id" | "address">;

/** The project named in the request or, if none is, in its answer. */
const projectOf = (params: unknown, body: unknown): string | undefined => {
  for (const part of [params, body]) {
    const { projectId } = (typeof part === "object" && part !== null ? part : {}) as { projectId?: unknown };
    if (typeof projectId === "string") return projectId.toLowerCase();
  }
  return undefined;
};

export type LinkReads = {
  /** Records that the actor read the project. Returns at once; the row is written later. */
  note(actor: Actor, projectId: string, from: From): void;
  /** The same edge; reads and sockets that are bound through it are recorded. */
  through(edge: Edge): Edge;
};

export const createLinkReads = ({ projects, audit, clock, log }: LinkReadsNeeds): LinkReads => {
  /** `user project sign-in` to the time of the look-up, oldest first. */
  const seen = new Map<string, number>();

  const look = async (actor: Actor, projectId: string, from: From): Promise<void> => {
    const key = `${actor.userId} ${projectId} ${actor.signInId}`;
    const at = seen.get(key);
    if (at !== undefined && clock.monotonic() - at < AGAIN_AFTER_MS) return;
    seen.delete(key);
    seen.set(key, clock.monotonic());
    const oldest = seen.size > MAX_REMEMBERED ? seen.keys().next() : undefined;
    if (oldest?.done === false) seen.delete(oldest.value);
    try {
      const linkId = await projects.linkOf(actor.userId, projectId);
      if (linkId === undefined) return;
      audit.record({
        action: "project.read-by-link",
        userId: actor.userId,
        projectId,
        target: linkId,
        address: from.address,
        requestId: from.id,
      });
    } catch (error) {
      seen.delete(key);
      log.warn("projects.link-read-unknown", { projectId, error });
    }
  };

  const note = (actor: Actor, projectId: string, from: From): void => void look(actor, projectId, from);

  const through = (edge: Edge): Edge => ({
    bind<R extends Route>(route: R, handler: Handler<R>) {
      if (route.method !== "GET") return edge.bind(route, handler);
      const noting = async (call: Call<R>) => {
        const answer = await handler(call);
        const projectId = projectOf(call.params, answer.body);
        if (call.actor !== undefined && projectId !== undefined) note(call.actor, projectId, call.request);
        return answer;
      };
      return edge.bind(route, noting);
    },
    socket(path, options, handler) {
      edge.socket(path, options, (call) => {
        // The node with the socket has recorded it.
        if (call.isRelayed) return handler(call);
        const reads = (projectId: string): void => note(call.actor, projectId, call.request);
        const projectId = projectOf(call.params, undefined);
        if (projectId !== undefined) reads(projectId);
        handler({ ...call, reads });
      });
    },
  });
  return { note, through };
};
