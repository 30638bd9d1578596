/** The receiving half of one stream socket: what a listener types, signals and resizes. */
import { CLOSE, StreamClientMessageSchema } from "@atelier/contracts";
import type { RawData, WebSocket } from "ws";
import type { InputRelay } from "./input-relay.ts";

export type StreamInputOptions = {
  readonly socket: WebSocket;
  readonly input: InputRelay;
  /** Asked for each message: rights may change while the socket is open. */
  readonly mayControl: () => boolean;
  /** Called for the listener's first input, its end of input, and its first signal of each kind. */
  readonly record: (action: "execution.input" | "execution.signal", detail?: string) => void;
};

const bytesOf = (data: RawData): Uint8Array =>
  Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Listens to the socket; while the program does not take its input, the socket is not read. */
export const acceptStreamInput = ({ socket, input, mayControl, record }: StreamInputOptions): void => {
  const recorded = new Set<string>();
  /** One row per connection and kind: a row per keystroke would fill the audit log. */
  const recordOnce: StreamInputOptions["record"] = (action, detail) => {
    const key = `${action} ${detail ?? ""}`;
    if (recorded.has(key)) return;
    recorded.add(key);
    record(action, detail);
  };
  const obey = (text: string): void => {
    const { success, data } = StreamClientMessageSchema.safeParse(parse(text));
    if (!success) return socket.close(CLOSE.badMessage, "not a stream message");
    switch (data.type) {
      case "stdin-end":
        recordOnce("execution.input");
        return input.end();
      case "signal":
        recordOnce("execution.signal", data.signal);
        return input.signal(data.signal);
      case "resize":
        return input.resize({ columns: data.columns, rows: data.rows });
    }
  };

  socket.on("message", (data, isBinary) => {
    // A closed socket may still deliver frames until the peer answers: they are ignored.
    if (socket.readyState !== socket.OPEN) return;
    if (!mayControl()) return socket.close(CLOSE.rightsTaken, "viewers watch");
    const bytes = bytesOf(data);
    if (!isBinary) return obey(Buffer.from(bytes).toString("utf8"));
    recordOnce("execution.input");
    socket.pause();
    void input.write(bytes).then(() => socket.resume());
  });
};
