/** For tests: sockets that do what they are told, and a page that is seen, hidden, online and offline. */
import { afterEach, beforeEach, vi } from "vitest";

export class FakeSocket extends EventTarget {
  readyState: number = WebSocket.CONNECTING;
  readonly sent: unknown[] = [];

  send(data: unknown): void {
    this.sent.push(data);
  }

  /** Closed from this side, which hears of it later, as in a browser: here never. */
  close(): void {
    this.readyState = WebSocket.CLOSED;
  }

  open(): void {
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  say(data: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  end(code: number): void {
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}

/** Each test of the group has a page of its own, and time that stands still. Called while the file is read. */
export const setPage = (): { readonly goOnline: () => void; readonly see: () => void } => {
  let page = new EventTarget();
  let shown = new EventTarget();
  beforeEach(() => {
    vi.useFakeTimers();
    page = new EventTarget();
    shown = Object.assign(new EventTarget(), { visibilityState: "visible" });
    vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
    vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
    vi.stubGlobal("document", shown);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  return {
    goOnline: () => void page.dispatchEvent(new Event("online")),
    see: () => void shown.dispatchEvent(new Event("visibilitychange")),
  };
};

/** Answers each call with a new fake socket. */
export const fakeOpener = () => {
  const opened: FakeSocket[] = [];
  return {
    opened,
    open: (): Promise<WebSocket> => {
      const socket = new FakeSocket();
      opened.push(socket);
      return Promise.resolve(socket as unknown as WebSocket);
    },
    /** The newest socket, after its creator has received it. */
    newest: async (): Promise<FakeSocket> => {
      await vi.advanceTimersByTimeAsync(0);
      const socket = opened.at(-1);
      if (!socket) throw new Error("none was asked for");
      return socket;
    },
  };
};
