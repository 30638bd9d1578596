/** The socket of one execution: output in, input out; comes back by itself until the run has ended. */
import { hasEnded, sockets, STREAM, type StreamClientMessage, type StreamServerMessage } from "@atelier/contracts";
import { createLiveSocket, FINAL_CLOSE_CODES, type SocketOpener } from "../../app/live-socket.ts";
import type { ExecutionSummary } from "./run-store.ts";

const CHANNELS: readonly number[] = Object.values(STREAM);
const NORMAL_CLOSE = 1000;
/** A shorter interruption is over before a word about it could be read. */
const PATIENCE_MS = 1000;

export interface RunStream {
  /** Bytes for the program's standard input. */
  input(text: string): void;
  send(message: StreamClientMessage): void;
  close(): void;
}

export type RunStreamOptions = {
  readonly executionId: string;
  readonly openSocket: SocketOpener;
  /** Viewers only watch: for a word of theirs, even the size of their terminal, the server would end the stream. */
  readonly mayControl: () => boolean;
  /**
   * The stream starts from its beginning (again, after a reconnect): called with the first sign that it has one. A run that ended while the
   * line was away may have lost its output; what is shown is all that is left of it then.
   */
  readonly onStart: () => void;
  readonly onOutput: (bytes: Uint8Array) => void;
  readonly onExecution: (execution: ExecutionSummary) => void;
  /** The line is gone and looked for, or back; the run goes on meanwhile. */
  readonly onConnection: (isConnected: boolean) => void;
  /** The run is not the reader's to see any more, or not there; there is no way back. */
  readonly onLost: (code: number) => void;
};

/** Attaches to a run; a late or second listener first gets what it missed. */
export const attachRunStream = (options: RunStreamOptions): RunStream => {
  const path = `/api${sockets.executionStream.replace(":id", options.executionId)}`;
  const encoder = new TextEncoder();
  let unsent: (string | Uint8Array<ArrayBuffer>)[] = [];
  let isOver = false;
  let hasStarted = false;
  let patience: ReturnType<typeof setTimeout> | undefined;

  const push = (data: string | Uint8Array<ArrayBuffer>): void => {
    if (!isOver && options.mayControl() && !socket.send(data)) unsent.push(data);
  };

  const begin = (): void => {
    if (hasStarted) return;
    hasStarted = true;
    options.onStart();
  };

  const receive = (data: unknown): void => {
    if (data instanceof ArrayBuffer) {
      const bytes = new Uint8Array(data);
      begin();
      if (CHANNELS.includes(bytes[0] ?? 0)) options.onOutput(bytes.subarray(1));
      return;
    }
    const message = JSON.parse(String(data)) as StreamServerMessage;
    // A listener that came after the end hears the status first and the output then: it is over with the exit frame.
    if (message.type === "status" && hasEnded(message.execution.status)) return;
    if (message.type === "exit") isOver = true;
    else begin();
    options.onExecution(message.execution);
  };

  const hearState = (isConnected: boolean): void => {
    clearTimeout(patience);
    if (isOver) return;
    if (!isConnected) {
      patience = setTimeout(() => options.onConnection(false), PATIENCE_MS);
      return;
    }
    options.onConnection(true);
    hasStarted = false;
    for (const data of unsent) socket.send(data);
    unsent = [];
  };

  const socket = createLiveSocket({
    open: () => options.openSocket(path),
    onMessage: receive,
    onState: hearState,
    shouldReturn(code) {
      if (isOver || code === NORMAL_CLOSE) return false;
      if (!FINAL_CLOSE_CODES.includes(code)) return true;
      clearTimeout(patience);
      isOver = true;
      options.onLost(code);
      return false;
    },
    // Whatever keeps the ticket away, the run goes on, and its output waits.
    onOpenError: () => true,
    // A program may think, or wait for input, as long as it likes; another socket tells everything from the beginning.
    isSilenceNormal: true,
  });

  return {
    input: (text) => push(encoder.encode(text)),
    send: (message) => push(JSON.stringify(message)),
    close() {
      isOver = true;
      clearTimeout(patience);
      socket.close();
    },
  };
};
