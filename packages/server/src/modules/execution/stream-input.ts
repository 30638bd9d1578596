/** The receiving half of one stream: what a listener types, signals and resizes. */
import { CLOSE, StreamClientMessageSchema } from "@atelier/contracts";
import { type Frame, frameCost, type Channel } from "#platform/channels";
import type { InputRelay } from "./input-relay.ts";

export type StreamInputOptions = {
  readonly channel: Channel;
  readonly input: InputRelay;
  /** Called for each message, because rights may change while the socket is open. */
  readonly mayControl: () => boolean;
  /** Called for the listener's first input, its end of input, and its first signal of each kind. */
  readonly record: (action: "execution.input" | "execution.signal", detail?: string) => void;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** @returns a function that handles a frame; credit for input is returned when the program has accepted it */
export const createStreamInput = ({
  channel,
  input,
  mayControl,
  record,
}: StreamInputOptions): ((frame: Frame) => void) => {
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
    if (!success) return channel.close(CLOSE.badMessage, "not a stream message");
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

  return (frame) => {
    if (!mayControl()) return channel.close(CLOSE.rightsTaken, "viewers watch");
    const cost = frameCost(frame);
    if (typeof frame === "string") {
      obey(frame);
      return channel.credit(cost);
    }
    recordOnce("execution.input");
    void input.write(frame).then(() => channel.credit(cost));
  };
};
