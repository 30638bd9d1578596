/** For tests: a clock that the test advances, and sockets that it opens, answers and ends. */
import type { ConnectionEnvironment } from "./environment.ts";

/** A clock that the test advances; timers fire in order. */
export function manualTime() {
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  let wake: (reason: "online" | "visible" | "offline") => void = () => undefined;
  const environment: ConnectionEnvironment = {
    now: () => now,
    after: (delayMs, run) => {
      const timer = { at: now + delayMs, run };
      timers.push(timer);
      return () => (timers = timers.filter((other) => other !== timer));
    },
    random: () => 0.5,
    onWake: (listener) => {
      wake = listener;
      return () => undefined;
    },
  };
  return {
    environment,
    wake: (reason: "online" | "visible" | "offline") => wake(reason),
    advance: async (ms: number) => {
      const end = now + ms;
      await settle();
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers = timers.filter((other) => other !== next);
        now = next.at;
        next.run();
        await settle();
      }
      now = end;
    },
  };
}
const settle = async () => {
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
};

/** A scripted socket: the test opens, answers and ends it. */
export class ScriptedSocket extends EventTarget {
  readyState: number = WebSocket.CONNECTING;
  binaryType = "blob";
  bufferedAmount = 0;
  readonly sent: Uint8Array[] = [];
  send(frame: Uint8Array) {
    this.sent.push(frame);
  }
  accept() {
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event("open"));
  }
  say(...bytes: number[]) {
    this.dispatchEvent(new MessageEvent("message", { data: Uint8Array.from(bytes).buffer }));
  }
  end(code: number) {
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
  close() {
    this.end(1005);
  }
}
