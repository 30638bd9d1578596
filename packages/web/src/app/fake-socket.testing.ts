/** For tests: sockets that do what they are told, and a page that is seen, hidden, online and offline. */
import { vi } from "vitest";

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

/** Puts a page's events in place of the browser's. Taken away by `vi.unstubAllGlobals`. */
export const stubPage = (): { readonly goOnline: () => void; readonly see: () => void } => {
  const page = new EventTarget();
  const shown = Object.assign(new EventTarget(), { visibilityState: "visible" });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  vi.stubGlobal("document", shown);
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
    /** The newest one, once whoever asked for it has it. */
    newest: async (): Promise<FakeSocket> => {
      await vi.advanceTimersByTimeAsync(0);
      const socket = opened.at(-1);
      if (!socket) throw new Error("none was asked for");
      return socket;
    },
  };
};
