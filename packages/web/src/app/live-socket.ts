/** A socket that comes back by itself: tickets to open it, jittered waits between tries, at once when the network returns. */

export type SocketOpener = (path: string, query?: Readonly<Record<string, string>>) => Promise<WebSocket>;

/** Opens a WebSocket below the base path with a one-use ticket. @throws whatever the ticket's request throws */
export const createSocketOpener =
  ({ basePath, origin, ticket }: { basePath: string; origin: string; ticket: () => Promise<string> }): SocketOpener =>
  async (path, query = {}) => {
    const address = new URL(`${basePath}${path}`, origin);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    address.searchParams.set("ticket", await ticket());
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    return socket;
  };

const FIRST_WAIT_MS = 150;
const LONGEST_WAIT_MS = 5000;

/** Wait before reconnect number `n` (from 1): doubling, half of it random. */
export const reconnectWaitMs = (attempt: number, random: number): number => {
  const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt - 1, 10));
  return Math.round(full / 2 + (full / 2) * random);
};

export type LiveSocketOptions = {
  readonly open: () => Promise<WebSocket>;
  readonly onMessage: (data: unknown) => void;
  readonly onState: (isConnected: boolean) => void;
  /** False for close codes after which coming back is no use. */
  readonly shouldReturn: (code: number) => boolean;
  /** Hears errors of `open`; false stops the tries. */
  readonly onOpenError: (error: unknown) => boolean;
};

export interface LiveSocket {
  send(message: unknown): void;
  /** Leaves an open socket, or stops waiting, and connects anew at once. */
  restart(): void;
  close(): void;
}

export const createLiveSocket = (options: LiveSocketOptions): LiveSocket => {
  let socket: WebSocket | undefined;
  let attempts = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;

  const again = (): void => {
    if (isClosed) return;
    attempts += 1;
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), reconnectWaitMs(attempts, Math.random()));
  };

  const listen = (opened: WebSocket): void => {
    opened.addEventListener("open", () => {
      attempts = 0;
      options.onState(true);
    });
    opened.addEventListener("message", (event) => options.onMessage(event.data));
    opened.addEventListener("close", (event) => {
      if (socket !== opened) return;
      socket = undefined;
      options.onState(false);
      if (options.shouldReturn(event.code)) again();
    });
  };

  const connect = async (): Promise<void> => {
    timer = undefined;
    try {
      const opened = await options.open();
      if (isClosed) {
        opened.close();
        return;
      }
      socket = opened;
      listen(opened);
    } catch (error) {
      if (options.onOpenError(error)) again();
    }
  };

  const hurry = (): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    attempts = 0;
    void connect();
  };

  addEventListener("online", hurry);
  void connect();

  return {
    send(message) {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    restart() {
      const open = socket;
      socket = undefined;
      open?.close();
      if (open) options.onState(false);
      // A try that is under way is new enough.
      else if (timer === undefined) return;
      clearTimeout(timer);
      attempts = 0;
      void connect();
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      removeEventListener("online", hurry);
      const open = socket;
      socket = undefined;
      open?.close();
    },
  };
};
