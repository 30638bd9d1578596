/** One open stream of an execution (`WS /api/executions/:id/stream`): rights first, then what was missed, then what comes, the exit last. */
import type { Clock } from "#kernel/clock";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { AccessWatch } from "#platform/channels";
import type { SocketCall } from "#platform/http";
import type { Relay } from "#platform/links";
import { CLOSE, type Execution } from "@atelier/contracts";
import type { LiveExecution } from "./live-execution.ts";
import type { ExecutionService, Followed } from "./service.ts";
import { createStreamInput } from "./stream-input.ts";
import { createStreamSender } from "./stream-sender.ts";

export type StreamNeeds = {
  readonly service: Pick<ExecutionService, "follow">;
  readonly watch: AccessWatch;
  /** Passes the channel on to the node that runs the execution. */
  readonly relay: Relay;
  readonly clock: Clock;
  readonly log: Log;
};

/** Limit on listeners: each may have megabytes that it has not read. */
const MAX_LISTENERS = 64;
const MAX_LISTENERS_OF_USER = 8;

/** Listeners of other users never use up those of the user who started the execution. */
const mayListen = (live: LiveExecution, userId: string): boolean => {
  const own = live.listenersOf(userId);
  if (own >= MAX_LISTENERS_OF_USER) return false;
  const { userId: starter } = live.facts;
  return userId === starter || live.listenerCount - live.listenersOf(starter) < MAX_LISTENERS;
};

const withoutOutput = (execution: Execution): Execution => ({ ...execution, stdout: "", stderr: "" });

/** What an execution that is only in the database still has: its captured text. */
const sendStored = (execution: Execution, { call, clock }: { call: SocketCall; clock: Clock }): void => {
  const { channel } = call;
  const sender = createStreamSender({ channel, clock, waitedFor: false, slow: () => undefined });
  sender.message({ type: "status", execution: withoutOutput(execution) });
  const first = execution.tty ? "terminal" : "stdout";
  for (const [stream, text] of [
    [first, execution.stdout],
    ["stderr", execution.stderr],
  ] as const) {
    if (text !== "") sender.output({ stream, bytes: Buffer.from(text, "utf8") });
  }
  sender.message({ type: "exit", execution });
  channel.close(1000, "ended");
};

const followLive = (live: LiveExecution, { call, clock }: { call: SocketCall; clock: Clock }): void => {
  const { channel, actor } = call;
  const reader = {};
  const sender = createStreamSender({
    channel,
    clock,
    // The starter's connection may slow the program down; another listener's may not.
    waitedFor: actor.userId === live.facts.userId,
    slow: (isSlow) => {
      if (actor.userId !== live.facts.userId) return;
      if (isSlow) live.pauseFor(reader);
      else live.resumeFor(reader);
    },
  });
  const detach = live.attach({
    userId: actor.userId,
    output: (frame) => sender.output(frame),
    status: () => sender.message({ type: "status", execution: live.snapshot({ output: false }) }),
    ended: () => {
      sender.message({ type: "exit", execution: live.snapshot({ output: true }) });
      channel.close(1000, "ended");
    },
  });
  void channel.closed.then(detach);
};

/** Serves a channel until it closes. */
export const openStream = async (
  call: SocketCall,
  { service, watch, relay, clock, log }: StreamNeeds,
): Promise<void> => {
  const { channel, actor } = call;
  const id = (call.params["id"] ?? "").toLowerCase();
  const { access, belongsTo } = watch.add({ channel, userId: actor.userId, signInId: actor.signInId });
  let followed: Followed | undefined;
  try {
    followed = await access.first(() => service.follow(actor, id));
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500)
      log.error("execution.stream-failed", { executionId: id, error });
    const isAbsent = error instanceof Problem && error.status === 404;
    return channel.close(isAbsent ? CLOSE.notFound : CLOSE.overloaded, isAbsent ? "no such execution" : "try again");
  }
  if (followed === undefined) return;
  const { source } = followed;
  const { projectId } = "stored" in source ? source.stored : source.live.facts;
  if (projectId !== null) call.reads(projectId);
  if ("stored" in source) {
    if (source.elsewhere !== undefined) {
      if (relay(call, source.elsewhere)) return;
      return channel.close(CLOSE.overloaded, "another server runs it");
    }
    return sendStored(source.stored, { call, clock });
  }
  const { live } = source;
  if (!mayListen(live, actor.userId)) return channel.close(CLOSE.overloaded, "too many listeners");
  let { mayControl } = followed;
  belongsTo(projectId);
  followLive(live, { call, clock });
  access.serve<Followed>({
    look: () =>
      service.follow(actor, id).catch((error: unknown) => {
        if (error instanceof Problem && error.status === 404) return undefined;
        throw error;
      }),
    changed: (now) => ({ mayControl } = now),
    frame: createStreamInput({
      channel,
      input: live.input,
      mayControl: () => mayControl,
      record: (action, detail) =>
        call.audit({
          action,
          target: detail === undefined ? id : `${id} ${detail}`,
          ...(projectId === null ? {} : { projectId }),
        }),
    }),
  });
};
