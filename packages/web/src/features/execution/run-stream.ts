/** The channel of one execution: output in, input out; it is reopened until the run has ended. */
import { hasEnded, STREAM, type StreamClientMessage, type StreamServerMessage } from "@atelier/contracts";
import type { PageFrame } from "../../app/channel-carrier.ts";
import { FINAL_CLOSE_CODES, type OpenChannel } from "../../app/project-socket.ts";
import type { ExecutionSummary } from "./run-store.ts";

const CHANNELS: readonly number[] = Object.values(STREAM);
const NORMAL_CLOSE = 1000;
/** A shorter interruption is not reported, because it ends before a user could read about it. */
const PATIENCE_MS = 1000;

export interface RunStream {
  /** Bytes for the program's standard input. */
  input(text: string): void;
  send(message: StreamClientMessage): void;
  close(): void;
}

export type RunStreamOptions = {
  readonly projectId: string;
  readonly executionId: string;
  readonly openChannel: OpenChannel;
  /** False for viewers: the server ends the stream at any message of theirs, even the size of the terminal. */
  readonly mayControl: () => boolean;
  /**
   * The stream starts from its beginning (again, after a reconnect): called with its first frame. The server may no longer have the output of a
   * run that ended during an interruption; then this is not called and the shown output stays.
   */
  readonly onStart: () => void;
  readonly onOutput: (bytes: Uint8Array) => void;
  readonly onExecution: (execution: ExecutionSummary) => void;
  /** Called when the connection is lost, or open again; the run continues meanwhile. */
  readonly onConnection: (isConnected: boolean) => void;
  /** The user may no longer see the run, or it does not exist; final. */
  readonly onLost: (code: number) => void;
};

/** Attaches to a run; a late or second listener first gets the earlier output. */
export const attachRunStream = (options: RunStreamOptions): RunStream => {
  const encoder = new TextEncoder();
  let unsent: PageFrame[] = [];
  let isOver = false;
  let hasStarted = false;
  let patience: ReturnType<typeof setTimeout> | undefined;

  const push = (frame: PageFrame): void => {
    if (!isOver && options.mayControl() && !channel.send(frame)) unsent.push(frame);
  };

  const begin = (): void => {
    if (hasStarted) return;
    hasStarted = true;
    options.onStart();
  };

  const receive = (frame: PageFrame): void => {
    channel.settled();
    if (typeof frame !== "string") {
      begin();
      if (CHANNELS.includes(frame[0] ?? 0)) options.onOutput(frame.subarray(1));
      return;
    }
    const message = JSON.parse(frame) as StreamServerMessage;
    // A listener that attaches after the end gets the status first, then the output: only the exit frame ends the stream.
    if (message.type === "status" && hasEnded(message.execution.status)) return;
    if (message.type === "exit") isOver = true;
    else begin();
    options.onExecution(message.execution);
  };

  const channel = options.openChannel(options.projectId, () => ({ kind: "run", executionId: options.executionId }), {
    onOpen() {
      clearTimeout(patience);
      patience = undefined;
      options.onConnection(true);
      hasStarted = false;
      for (const frame of unsent) channel.send(frame);
      unsent = [];
    },
    onFrame: receive,
    onClose(code) {
      if (isOver || code === NORMAL_CLOSE) return "stop";
      if (!FINAL_CLOSE_CODES.includes(code)) {
        patience ??= setTimeout(() => options.onConnection(false), PATIENCE_MS);
        return "again";
      }
      clearTimeout(patience);
      isOver = true;
      options.onLost(code);
      return "stop";
    },
  });

  return {
    input: (text) => push(encoder.encode(text)),
    send: (message) => push(JSON.stringify(message)),
    close() {
      isOver = true;
      clearTimeout(patience);
      channel.close();
    },
  };
};
