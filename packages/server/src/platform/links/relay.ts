/**
 * Serves a user's channel on the node that is the home of its document, project or execution. The node with the socket authenticates the
 * user and sends the identity; the serving node looks up the user's rights itself.
 */
import { CLOSE } from "@atelier/contracts";
import { z } from "zod";
import type { Log } from "#kernel/log";
import type { AuditTrail } from "#platform/audit";
import type { Acceptance, ChannelTraits } from "#platform/channels";
import type { HomesNode } from "#platform/homes";
import { channelPriorityOf, type Edge, type SocketCall } from "#platform/http";
import { pipe } from "./pipe.ts";
import type { Links } from "./ports.ts";

const KIND = "relay";

/** What the node with the socket sends about it. */
const RelayedSchema = z.strictObject({
  path: z.string(),
  params: z.record(z.string(), z.string()),
  query: z.string(),
  actor: z.strictObject({
    userId: z.string(),
    kind: z.enum(["guest", "registered"]),
    name: z.string(),
    plan: z.enum(["free", "premium", "enterprise"]),
    signInId: z.string(),
  }),
  request: z.strictObject({ id: z.string(), address: z.string() }),
});
type Relayed = z.infer<typeof RelayedSchema>;

/**
 * Pipes a channel to another node, which serves it like its own ones.
 * @returns false when it can't be relayed: the node has announced no address, or the channel came from another node
 */
export type Relay = (call: SocketCall, node: HomesNode) => boolean;

type Bound = { readonly maxFrameBytes: number; readonly handler: (call: SocketCall) => void };

const passOn = async (links: Links, call: SocketCall, address: string): Promise<void> => {
  const { path, params, query, actor, request, channel } = call;
  const { id, address: client } = request;
  const body: Relayed = { path, params, query: query.toString(), actor, request: { id, address: client } };
  const traits: ChannelTraits = { priority: channelPriorityOf(path), maxFrameBytes: Number.POSITIVE_INFINITY };
  const far = await links.open(address, { kind: KIND, body }, traits);
  pipe(channel, far);
};

/** The node with the socket. */
export const createRelay =
  ({ links, log }: { readonly links: Links; readonly log: Log }): Relay =>
  (call, { address }) => {
    if (call.isRelayed || address === null) return false;
    passOn(links, call, address).catch((error: unknown) => {
      log.debug("link.relay-failed", { path: call.path, error });
      call.channel.close(CLOSE.overloaded, "another server can't be reached");
    });
    return true;
  };

/** @returns an edge: sockets that are bound through it also serve channels of other nodes */
export const servingRelays = (
  edge: Edge,
  { links, audit }: { readonly links: Links; readonly audit: Pick<AuditTrail, "record"> },
): Edge => {
  const bound = new Map<string, Bound>();

  const serve = ({ path, params, query, actor, request }: Relayed): Acceptance => {
    const target = bound.get(path);
    if (target === undefined) return { refuse: { code: CLOSE.notFound, reason: "not served here" } };
    return {
      traits: { priority: channelPriorityOf(path), maxFrameBytes: target.maxFrameBytes },
      serve: (channel) =>
        target.handler({
          channel,
          path,
          params,
          query: new URLSearchParams(query),
          actor,
          request,
          isRelayed: true,
          // The node with the socket counts this.
          reserve: () => undefined,
          admit: async () => true,
          reads: () => undefined,
          audit: (entry) =>
            audit.record({ ...entry, userId: actor.userId, address: request.address, requestId: request.id }),
        }),
    };
  };
  links.serve(KIND, (body) => {
    const relayed = RelayedSchema.safeParse(body);
    if (relayed.success) return serve(relayed.data);
    return { refuse: { code: CLOSE.badMessage, reason: "not a relayed channel" } };
  });

  return {
    bind: (route, handler) => edge.bind(route, handler),
    socket(path, options, handler) {
      bound.set(path, { maxFrameBytes: options.maxFrameBytes, handler });
      edge.socket(path, options, handler);
    },
  };
};
