/**
 * `WS /projects/:projectId/socket`: the only socket of a page. The handlers of the other sockets, which are bound through this edge, serve
 * its numbered channels.
 */
import type { Clock } from "#kernel/clock";
import { createId } from "#kernel/ids";
import { type Acceptance, type Channel, type ChannelTraits, createMultiplexer } from "#platform/channels";
import {
  type ChannelOpening,
  ChannelOpeningSchema,
  CLOSE,
  MAX_CHANNEL_FRAME_BYTES,
  type Route,
  sockets,
} from "@atelier/contracts";
import type { Edge, Handler, SocketCall } from "./ports.ts";

type Kind = ChannelOpening["kind"];

/** Of responses that a page does not read: thousands of refusals, and eight times what data may fill. */
const MAX_UNSENT_BYTES = 256 * 1024;

/** The socket whose handler serves a kind of channel, and the priority. */
const KINDS: Readonly<Record<Kind, { readonly path: string; readonly priority: ChannelTraits["priority"] }>> = {
  document: { path: sockets.collaborate, priority: 0 },
  events: { path: sockets.projectEvents, priority: 1 },
  run: { path: sockets.executionStream, priority: 2 },
};

/** The priority of a channel that the handler of this socket path serves. */
export const channelPriorityOf = (path: string): ChannelTraits["priority"] =>
  Object.values(KINDS).find((kind) => kind.path === path)?.priority ?? 2;

type Bound = { readonly maxFrameBytes: number; readonly handler: (call: SocketCall) => void };

const parseOpening = (text: string): ChannelOpening | undefined => {
  try {
    return ChannelOpeningSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/** The parameters of the opening as those of the socket's path and query. */
const parametersOf = (opening: ChannelOpening, projectId: string): Pick<SocketCall, "params" | "query"> => {
  const query = new URLSearchParams();
  const put = (name: string, value: number | undefined): void => {
    if (value !== undefined) query.set(name, String(value));
  };
  switch (opening.kind) {
    case "document":
      put("v", opening.v);
      put("generation", opening.generation);
      return { params: { projectId, fileId: opening.fileId }, query };
    case "events":
      put("since", opening.since);
      return { params: { projectId }, query };
    case "run":
      return { params: { id: opening.executionId }, query };
  }
};

/** Binds the project socket. @returns an edge; sockets that are bound through it can also be opened as channels */
export const createProjectSocket = (edge: Edge, { clock }: { readonly clock: Clock }): Edge => {
  const bound = new Map<string, Bound>();

  const serve = (
    call: SocketCall,
    channel: Channel,
    opened: { opening: ChannelOpening; handler: Bound["handler"] },
  ) => {
    const { opening, handler } = opened;
    // A channel counts like a socket in the rate limits, because its opening costs the server as much. Its frames wait meanwhile.
    void call.admit().then((isAdmitted) => {
      if (!isAdmitted) return channel.close(CLOSE.tooFast, "request/rate-limited");
      const parameters = parametersOf(opening, call.params["projectId"] ?? "");
      const { path } = KINDS[opening.kind];
      handler({ ...call, ...parameters, path, channel, request: { ...call.request, id: createId() } });
    });
  };

  const accept = (call: SocketCall, text: string): Acceptance => {
    const opening = parseOpening(text);
    if (opening === undefined) return { refuse: { code: CLOSE.badMessage, reason: "not an opening" } };
    const { path, priority } = KINDS[opening.kind];
    const target = bound.get(path);
    if (target === undefined) return { refuse: { code: CLOSE.notFound, reason: "not served here" } };
    const { maxFrameBytes, handler } = target;
    return { traits: { priority, maxFrameBytes }, serve: (channel) => serve(call, channel, { opening, handler }) };
  };

  edge.socket(sockets.project, { maxFrameBytes: MAX_CHANNEL_FRAME_BYTES }, (call) => {
    const { channel: carrier, reserve } = call;
    createMultiplexer({
      carrier,
      clock,
      reserve,
      accept: (opening) => accept(call, opening),
      maxUnsentBytes: MAX_UNSENT_BYTES,
    });
  });

  return {
    bind: <R extends Route>(route: R, handler: Handler<R>) => edge.bind(route, handler),
    socket(path, options, handler) {
      bound.set(path, { maxFrameBytes: options.maxFrameBytes, handler });
      edge.socket(path, options, handler);
    },
  };
};
