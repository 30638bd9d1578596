/** `WS /projects/:projectId/events`: tree changes, executions and presence for open pages. */
import { CLOSE, PresenceUpdateSchema, sockets } from "@atelier/contracts";
import type { Clock, Timer } from "#kernel/clock";
import { createId } from "#kernel/ids";
import type { Log } from "#kernel/log";
import { SetIndex } from "#kernel/set-index";
import type { Bus } from "#platform/bus";
import type { Edge, SocketCall } from "#platform/http";
import { createEventChannel, type EventChannel, type Listener } from "./event-channel.ts";
import type { Projects } from "./face.ts";
import type { PresenceColors } from "./presence-colors.ts";

const MAX_FRAME_BYTES = 4_096;
const MAX_BUFFERED_BYTES = 1024 * 1024;
const MAX_MESSAGES_A_SECOND = 20;
/** For this long after the last listener left, events are kept for listeners that reconnect. */
const KEEP_CHANNEL_MS = 60_000;
const WEBSOCKET_OPEN = 1;

export type ProjectsSocketNeeds = {
  readonly projects: Pick<Projects, "roleOf">;
  readonly bus: Bus;
  readonly colors: PresenceColors;
  readonly clock: Clock;
  readonly log: Log;
};

type Connection = Listener & {
  readonly call: SocketCall;
  readonly projectId: string;
  /** How often its rights were asked for: only the newest answer counts. */
  questions: number;
};

type Room = { readonly channel: EventChannel; readonly connections: Set<Connection>; closing?: Timer };

const parseSince = (text: string | null): number | undefined =>
  text !== null && /^\d{1,15}$/u.test(text) ? Number(text) : undefined;

/** Sends unless the reader is too slow: then it is closed and reconnects, instead of filling memory. */
const createSender =
  ({ socket }: SocketCall) =>
  (frame: string): void => {
    if (socket.readyState !== WEBSOCKET_OPEN) return;
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) socket.close(CLOSE.overloaded, "too slow");
    else socket.send(frame);
  };

/** Counts messages by the second. @returns false when there are too many. */
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

/** The file that a message says is in front of its sender; undefined for anything else. */
const parseViewing = (data: Buffer, isBinary: boolean): { readonly fileId: string | null } | undefined => {
  if (isBinary) return undefined;
  try {
    const parsed = PresenceUpdateSchema.safeParse(JSON.parse(data.toString()));
    return parsed.data;
  } catch {
    return undefined;
  }
};

/** Binds the socket and listens on the bus. @returns the way to stop listening. */
export const registerProjectsSocket = (edge: Edge, needs: ProjectsSocketNeeds): (() => void) => {
  const { projects, bus, colors, clock, log } = needs;
  const rooms = new Map<string, Room>();
  const byMember = new SetIndex<string, Connection>();
  const bySignIn = new SetIndex<string, Connection>();
  const memberKey = (projectId: string, userId: string): string => `${projectId}/${userId}`;

  const enter = (projectId: string): Room => {
    let room = rooms.get(projectId);
    if (room === undefined) {
      // Milliseconds: a channel gives far fewer numbers than that in its life, so a later one always starts above.
      room = { channel: createEventChannel(clock, clock.now()), connections: new Set() };
      rooms.set(projectId, room);
    }
    room.closing?.cancel();
    return room;
  };

  const leave = (connection: Connection): void => {
    const room = rooms.get(connection.projectId);
    const { userId, signInId } = connection.call.actor;
    byMember.delete(memberKey(connection.projectId, userId), connection);
    bySignIn.delete(signInId, connection);
    if (room === undefined || !room.connections.delete(connection)) return;
    room.channel.leave(connection);
    if (room.connections.size > 0) return;
    room.closing = clock.after(KEEP_CHANNEL_MS, () => void rooms.delete(connection.projectId));
  };

  const hear = (connection: Connection, channel: EventChannel, data: Buffer, isBinary: boolean): void => {
    const viewing = parseViewing(data, isBinary);
    if (viewing === undefined) {
      connection.call.socket.close(CLOSE.badMessage, "not a presence message");
    } else if (viewing.fileId !== connection.presence.fileId) {
      connection.presence = { ...connection.presence, fileId: viewing.fileId };
      channel.presenceChanged();
    }
  };

  const admit = async (call: SocketCall): Promise<void> => {
    const { socket, actor } = call;
    const projectId = (call.params["projectId"] ?? "").toLowerCase();
    // Only the newest message matters: it says which file its sender views.
    let early: [Buffer, boolean] | undefined;
    const allowed = createBrake(clock);
    let deliver = (data: Buffer, isBinary: boolean): void => {
      if (parseViewing(data, isBinary) === undefined) socket.close(CLOSE.badMessage, "not a presence message");
      else early = [data, isBinary];
    };
    socket.on("message", (data: Buffer, isBinary) => {
      // A closed socket may still deliver frames until the peer answers: they are ignored.
      if (socket.readyState !== WEBSOCKET_OPEN) return;
      if (allowed()) deliver(data, isBinary);
      else socket.close(CLOSE.tooFast, "too many messages");
    });

    const role = await projects.roleOf(actor.userId, projectId);
    if (role === undefined) return socket.close(CLOSE.notFound, "no such project");
    if (socket.readyState !== WEBSOCKET_OPEN) return;
    const color = colors.hold(projectId, actor.userId);
    const user = { id: actor.userId, name: actor.name, color: color.color };
    const presence = { connectionId: createId(), user, role, fileId: null };
    const connection: Connection = { call, projectId, presence, questions: 0, send: createSender(call) };
    const { channel, connections } = enter(projectId);
    connections.add(connection);
    byMember.add(memberKey(projectId, actor.userId), connection);
    bySignIn.add(actor.signInId, connection);
    socket.on("close", () => {
      leave(connection);
      color.release();
    });
    deliver = (data, isBinary) => hear(connection, channel, data, isBinary);
    channel.join(connection, parseSince(call.query.get("since")));
    if (early !== undefined) deliver(...early);
    // Rights that changed between the question and the joining were told to nobody.
    await recheck(connection, channel);
  };

  const recheck = async (connection: Connection, channel: EventChannel): Promise<void> => {
    const { call, projectId } = connection;
    const question = (connection.questions += 1);
    const role = await projects.roleOf(call.actor.userId, projectId);
    if (question !== connection.questions) return;
    if (role === undefined) return call.socket.close(CLOSE.rightsTaken, "no rights any more");
    if (role === connection.presence.role) return;
    connection.presence = { ...connection.presence, role };
    channel.tell(connection, { type: "role-changed", role });
    channel.presenceChanged();
  };

  /** A user whose rights can't be determined is closed with 1013 and may reconnect. */
  const orClose = (call: SocketCall, work: Promise<void>): void => {
    work.catch((error: unknown) => {
      log.warn("projects.socket-rights-unknown", { requestId: call.request.id, error });
      call.socket.close(CLOSE.overloaded, "try again");
    });
  };

  edge.socket(sockets.projectEvents, { maxFrameBytes: MAX_FRAME_BYTES }, (call) => orClose(call, admit(call)));

  const leavings = [
    bus.subscribe("project-event", ({ projectId, event }) => rooms.get(projectId)?.channel.publish(event)),
    bus.subscribe("rights-changed", ({ projectId, userId }) => {
      const room = rooms.get(projectId);
      if (room === undefined) return;
      const concerned = userId === undefined ? room.connections : byMember.get(memberKey(projectId, userId));
      for (const connection of concerned) orClose(connection.call, recheck(connection, room.channel));
    }),
    bus.subscribe("sign-in-ended", ({ signInId }) => {
      for (const { call } of bySignIn.get(signInId)) call.socket.close(CLOSE.signedOut, "signed out");
    }),
  ];
  return () => {
    for (const stop of leavings) stop();
  };
};
