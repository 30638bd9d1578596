/** `WS /projects/:projectId/events`: tree changes, executions and presence for open pages. */
import { CLOSE, PresenceUpdateSchema, type Role, sockets } from "@atelier/contracts";
import type { Clock, Timer } from "#kernel/clock";
import { createId } from "#kernel/ids";
import type { Log } from "#kernel/log";
import type { Bus } from "#platform/bus";
import { createAccessWatch, type Frame, frameCost, type RightsRecheck } from "#platform/channels";
import { type Home, type Homes, HomeTaken } from "#platform/homes";
import type { Edge, SocketCall } from "#platform/http";
import type { Nodes } from "#platform/links";
import { createEventChannel, type EventChannel, type Listener } from "./event-channel.ts";
import type { Projects } from "./service.ts";
import type { PresenceColors } from "./presence-colors.ts";

const MAX_FRAME_BYTES = 4_096;
const MAX_BUFFERED_BYTES = 1024 * 1024;
const MAX_MESSAGES_A_SECOND = 20;
/** For this long after the last listener left, events are kept for listeners that reconnect. */
const KEEP_CHANNEL_MS = 60_000;
/** The longest wait for the end of the channel that this node had before. */
const CLAIM_WAIT_MS = 10_000;

export type ProjectsSocketNeeds = {
  readonly projects: Pick<Projects, "roleOf">;
  readonly homes: Homes;
  readonly bus: Bus;
  /** Relays a socket to the node that numbers the project's events. */
  readonly nodes: Pick<Nodes, "relay">;
  readonly rechecks: Pick<RightsRecheck, "watch">;
  readonly colors: PresenceColors;
  readonly clock: Clock;
  readonly log: Log;
};

type Connection = Listener & {
  readonly call: SocketCall;
  readonly projectId: string;
};

type OpenProject = {
  readonly home: Home;
  readonly channel: EventChannel;
  readonly connections: Set<Connection>;
  closing?: Timer;
};

const parseSince = (text: string | null): number | undefined =>
  text !== null && /^\d{1,15}$/u.test(text) ? Number(text) : undefined;

/** Sends an event, or closes the socket of a slow reader, which then reconnects, instead of queueing without limit. */
const createSender =
  ({ channel }: SocketCall) =>
  (frame: string): void => {
    if (channel.unsentBytes > MAX_BUFFERED_BYTES) channel.close(CLOSE.overloaded, "too slow");
    else channel.send(frame);
  };

/** Counts messages per second. The returned function gives false above the limit. */
const createBrake = (clock: Clock): (() => boolean) => {
  let second = 0;
  let count = 0;
  return () => {
    const now = Math.floor(clock.monotonic() / 1_000);
    count = now === second ? count + 1 : 1;
    second = now;
    return count <= MAX_MESSAGES_A_SECOND;
  };
};

/** Parses a presence message; undefined for anything else. */
const parseViewing = (frame: Frame): { readonly fileId: string | null } | undefined => {
  if (typeof frame !== "string") return undefined;
  try {
    const parsed = PresenceUpdateSchema.safeParse(JSON.parse(frame));
    return parsed.data;
  } catch {
    return undefined;
  }
};

/** Binds the socket and subscribes to the bus. @returns a function that ends the subscriptions */
export const registerProjectsSocket = (edge: Edge, needs: ProjectsSocketNeeds): (() => void) => {
  const { projects, homes, bus, nodes, colors, clock, log } = needs;
  const openProjects = new Map<string, OpenProject>();
  const opening = new Map<string, Promise<OpenProject>>();
  const watch = createAccessWatch({ bus, rechecks: needs.rechecks, log });

  /** One channel numbers a project's events, on the node that has their home. @throws HomeTaken */
  const openProject = async (projectId: string): Promise<OpenProject> => {
    const home = await homes.claim(`events/${projectId}`, { waitMs: CLAIM_WAIT_MS });
    // Numbers begin with the time in milliseconds. A channel uses fewer numbers than milliseconds, so a later channel begins above them.
    const open: OpenProject = { home, channel: createEventChannel(clock, clock.now()), connections: new Set() };
    openProjects.set(projectId, open);
    home.lost.addEventListener("abort", () => {
      if (openProjects.get(projectId) === open) openProjects.delete(projectId);
      for (const { call } of open.connections) call.channel.close(CLOSE.moving, "the project moved");
    });
    return open;
  };

  const enter = (projectId: string): Promise<OpenProject> => {
    const known = openProjects.get(projectId);
    if (known !== undefined) return Promise.resolve(known);
    const opened = opening.get(projectId) ?? openProject(projectId).finally(() => opening.delete(projectId));
    opening.set(projectId, opened);
    return opened;
  };

  const leave = (connection: Connection): void => {
    const open = openProjects.get(connection.projectId);
    if (open === undefined || !open.connections.delete(connection)) return;
    open.channel.leave(connection);
    leaveUnused(open);
  };

  const leaveUnused = (open: OpenProject): void => {
    if (open.connections.size > 0) return;
    open.closing?.cancel();
    open.closing = clock.after(KEEP_CHANNEL_MS, () => void open.home.release());
  };

  const hear = (connection: Connection, events: EventChannel, frame: Frame): void => {
    const viewing = parseViewing(frame);
    if (viewing === undefined) {
      connection.call.channel.close(CLOSE.badMessage, "not a presence message");
    } else if (viewing.fileId !== connection.presence.fileId) {
      connection.presence = { ...connection.presence, fileId: viewing.fileId };
      events.presenceChanged();
    }
  };

  const admit = async (call: SocketCall): Promise<void> => {
    const { channel, actor } = call;
    const projectId = (call.params["projectId"] ?? "").toLowerCase();
    const { access } = watch.add({ channel, userId: actor.userId, signInId: actor.signInId, projectId });
    const look = (): Promise<Role | undefined> => projects.roleOf(actor.userId, projectId);
    const role = await access.first(look);
    if (role === undefined) return channel.close(CLOSE.notFound, "no such project");
    const open = await enter(projectId);
    const color = await colors.acquire(projectId, actor.userId);
    if (!channel.isOpen || open.home.lost.aborted) {
      color.release();
      if (channel.isOpen) channel.close(CLOSE.moving, "the project moved");
      else if (!open.home.lost.aborted) leaveUnused(open);
      return;
    }
    open.closing?.cancel();
    const user = { id: actor.userId, name: actor.name, color: color.color };
    const presence = { connectionId: createId(), user, role, fileId: null };
    const connection: Connection = { call, projectId, presence, send: createSender(call) };
    const { channel: events, connections } = open;
    connections.add(connection);
    void channel.closed.then(() => {
      leave(connection);
      color.release();
    });
    events.join(connection, parseSince(call.query.get("since")));
    const allowed = createBrake(clock);
    access.serve<Role>({
      look,
      changed: (now) => {
        if (now === connection.presence.role) return;
        connection.presence = { ...connection.presence, role: now };
        events.tell(connection, { type: "role-changed", role: now });
        events.presenceChanged();
      },
      frame: (frame) => {
        if (allowed()) hear(connection, events, frame);
        else channel.close(CLOSE.tooFast, "too many messages");
        channel.credit(frameCost(frame));
      },
    });
  };

  /** A user whose rights can't be determined is closed with 1013 and may reconnect. */
  const orClose = (call: SocketCall, work: Promise<void>): void => {
    work.catch((error: unknown) => {
      if (error instanceof HomeTaken) {
        if (error.where.at === "node" && nodes.relay(call, error.where.node)) return;
        return call.channel.close(CLOSE.overloaded, "another server has this project");
      }
      log.warn("projects.socket-rights-unknown", { requestId: call.request.id, error });
      call.channel.close(CLOSE.overloaded, "try again");
    });
  };

  edge.socket(sockets.projectEvents, { maxFrameBytes: MAX_FRAME_BYTES }, (call) => orClose(call, admit(call)));

  const stopPublishing = bus.subscribe("project-event", ({ projectId, event }) =>
    openProjects.get(projectId)?.channel.publish(event),
  );
  // Events may have been among the lost messages, so all clients have to read the project again.
  const stopMissing = bus.subscribe("messages-lost", () => {
    for (const { channel } of openProjects.values()) channel.missed();
  });
  return () => {
    stopPublishing();
    stopMissing();
    watch.stop();
  };
};
