/** The socket of one execution: output in, input out; comes back by itself until the run has ended. */
import { hasEnded, sockets, STREAM, type StreamClientMessage, type StreamServerMessage } from "@atelier/contracts";
import type { SocketOpener } from "../../app/live-socket.ts";
import { reconnectWaitMs } from "../../app/live-socket.ts";
import type { ExecutionSummary } from "./run-store.ts";

const MOST_TRIES = 8;
const CHANNELS: readonly number[] = Object.values(STREAM);
const NORMAL_CLOSE = 1000;

export interface RunStream {
  /** Bytes for the program's standard input. */
  input(text: string): void;
  send(message: StreamClientMessage): void;
  close(): void;
}

export type RunStreamOptions = {
  readonly executionId: string;
  readonly openSocket: SocketOpener;
  /** The stream starts from its beginning (again, after a reconnect). */
  readonly onStart: () => void;
  readonly onOutput: (bytes: Uint8Array) => void;
  readonly onExecution: (execution: ExecutionSummary) => void;
  /** The stream can't be had; the run itself may go on. */
  readonly onLost: (error: unknown) => void;
};

/** Attaches to a run; a late or second listener first gets what it missed. */
export const attachRunStream = (options: RunStreamOptions): RunStream => {
  const path = `/api${sockets.executionStream.replace(":id", options.executionId)}`;
  const encoder = new TextEncoder();
  let socket: WebSocket | undefined;
  let unsent: (string | Uint8Array<ArrayBuffer>)[] = [];
  let isOver = false;
  let tries = 0;

  const push = (data: string | Uint8Array<ArrayBuffer>): void => {
    if (isOver) return;
    if (socket?.readyState === WebSocket.OPEN) socket.send(data);
    else unsent.push(data);
  };

  const receive = (data: unknown): void => {
    if (data instanceof ArrayBuffer) {
      const bytes = new Uint8Array(data);
      if (CHANNELS.includes(bytes[0] ?? 0)) options.onOutput(bytes.subarray(1));
      return;
    }
    const message = JSON.parse(String(data)) as StreamServerMessage;
    // A listener that came after the end hears the status first and the output then: it is over with the exit frame.
    if (message.type === "status" && hasEnded(message.execution.status)) return;
    if (message.type === "exit") isOver = true;
    options.onExecution(message.execution);
  };

  const retry = (reason: unknown): void => {
    if (isOver) return;
    tries += 1;
    if (tries > MOST_TRIES) {
      isOver = true;
      options.onLost(reason);
    } else {
      setTimeout(() => void connect(), reconnectWaitMs(tries, Math.random()));
    }
  };

  const connect = async (): Promise<void> => {
    if (isOver) return;
    try {
      const opened = await options.openSocket(path);
      socket = opened;
      opened.addEventListener("open", () => {
        tries = 0;
        options.onStart();
        for (const data of unsent) opened.send(data);
        unsent = [];
      });
      opened.addEventListener("message", (event) => receive(event.data));
      opened.addEventListener("close", (event) => {
        if (event.code !== NORMAL_CLOSE) retry(new Error(`stream closed with ${event.code}`));
      });
    } catch (error) {
      retry(error);
    }
  };

  void connect();
  return {
    input: (text) => push(encoder.encode(text)),
    send: (message) => push(JSON.stringify(message)),
    close() {
      isOver = true;
      socket?.close(NORMAL_CLOSE);
    },
  };
};
