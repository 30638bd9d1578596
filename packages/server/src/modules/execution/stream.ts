/** One open `WS /api/executions/:id/stream`: rights first, then what was missed, then what comes, the exit last. */
import type { Clock } from "#kernel/clock";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { SocketCall } from "#platform/http";
import { CLOSE, type Execution } from "@atelier/contracts";
import type { LiveExecution } from "./live-execution.ts";
import type { ExecutionService, Followed } from "./service.ts";
import { acceptStreamInput } from "./stream-input.ts";
import { createStreamSender } from "./stream-sender.ts";
import type { StreamWatch } from "./stream-watch.ts";

export type StreamNeeds = {
  readonly service: Pick<ExecutionService, "follow">;
  readonly watch: StreamWatch;
  readonly clock: Clock;
  readonly log: Log;
};

/** Limit on listeners: each may hold megabytes that it has not read. */
const MAX_LISTENERS = 64;
const MAX_LISTENERS_OF_USER = 8;

/** Listeners of other users never use up those of the user who started the execution. */
const hasRoomFor = (live: LiveExecution, userId: string): boolean => {
  const own = live.listenersOf(userId);
  if (own >= MAX_LISTENERS_OF_USER) return false;
  const { userId: starter } = live.facts;
  return userId === starter || live.listenerCount - live.listenersOf(starter) < MAX_LISTENERS;
};

const withoutOutput = (execution: Execution): Execution => ({ ...execution, stdout: "", stderr: "" });

/** What an execution that is only in the database still has: its captured text. */
const sendStored = (execution: Execution, { call, clock }: { call: SocketCall; clock: Clock }): void => {
  const { socket } = call;
  const sender = createStreamSender({ socket, clock, waitedFor: false, slow: () => undefined });
  sender.message({ type: "status", execution: withoutOutput(execution) });
  const first = execution.tty ? "terminal" : "stdout";
  for (const [stream, text] of [
    [first, execution.stdout],
    ["stderr", execution.stderr],
  ] as const) {
    if (text !== "") sender.output({ stream, bytes: Buffer.from(text, "utf8") });
  }
  sender.message({ type: "exit", execution });
  sender.finish(1000, "ended");
};

const followLive = (live: LiveExecution, { call, clock }: { call: SocketCall; clock: Clock }): void => {
  const { socket, actor } = call;
  const holder = {};
  const sender = createStreamSender({
    socket,
    clock,
    // The starter's connection may slow the program down; another listener's may not.
    waitedFor: actor.userId === live.facts.userId,
    slow: (isSlow) => {
      if (actor.userId !== live.facts.userId) return;
      if (isSlow) live.hold(holder);
      else live.release(holder);
    },
  });
  const detach = live.attach({
    userId: actor.userId,
    output: (frame) => sender.output(frame),
    status: () => sender.message({ type: "status", execution: live.snapshot({ output: false }) }),
    ended: () => {
      sender.message({ type: "exit", execution: live.snapshot({ output: true }) });
      sender.finish(1000, "ended");
    },
  });
  socket.once("close", detach);
};

/** Serves a socket until it closes. */
export const openStream = async (call: SocketCall, { service, watch, clock, log }: StreamNeeds): Promise<void> => {
  const { socket, actor } = call;
  const id = (call.params["id"] ?? "").toLowerCase();
  socket.on("error", (error) => log.debug("execution.stream-error", { executionId: id, error }));
  // Paused until the user is known, so that nothing the client sends early is lost.
  socket.pause();
  let changes = 0;
  let recheck = (_projectId: string): void => void (changes += 1);
  const watched = watch.add({
    userId: actor.userId,
    signInId: actor.signInId,
    rightsChanged: (projectId) => recheck(projectId),
    signedOut: () => socket.close(CLOSE.signedOut, "signed out"),
  });
  socket.once("close", () => watched.stop());
  let followed: Followed;
  try {
    // Rights that changed while they were looked up are looked up again.
    let seen: number;
    do {
      seen = changes;
      followed = await service.follow(actor, id);
    } while (seen !== changes);
  } catch (error) {
    socket.resume();
    if (!(error instanceof Problem) || error.status >= 500)
      log.error("execution.stream-failed", { executionId: id, error });
    const isAbsent = error instanceof Problem && error.status === 404;
    return socket.close(isAbsent ? CLOSE.notFound : CLOSE.overloaded, isAbsent ? "no such execution" : "try again");
  }
  if (socket.readyState !== socket.OPEN) return;
  const { source } = followed;
  const { projectId } = "stored" in source ? source.stored : source.live.facts;
  if (projectId !== null) call.reads(projectId);
  if ("stored" in source) {
    socket.resume();
    return sendStored(source.stored, { call, clock });
  }
  const { live } = source;
  if (!hasRoomFor(live, actor.userId)) return socket.close(CLOSE.overloaded, "too many listeners");
  let { mayControl } = followed;

  const checkRights = async (): Promise<void> => {
    const question = (changes += 1);
    // Unknown rights count as none.
    const now = await service.follow(actor, id).catch(() => undefined);
    // Answers may overtake each other: only the newest counts.
    if (question !== changes) return;
    mayControl = now?.mayControl ?? false;
    if (now === undefined) socket.close(CLOSE.rightsTaken, "rights were taken away");
  };
  recheck = (changed) => {
    if (changed === projectId) void checkRights();
  };
  watched.belongsTo(projectId);
  acceptStreamInput({
    socket,
    input: live.input,
    mayControl: () => mayControl,
    record: (action, detail) =>
      call.audit({
        action,
        target: detail === undefined ? id : `${id} ${detail}`,
        ...(projectId === null ? {} : { projectId }),
      }),
  });
  followLive(live, { call, clock });
  socket.resume();
};
