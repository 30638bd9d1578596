/** A socket that comes back by itself: tickets to open it, jittered waits between tries, at once when the network returns. */
import { CLOSE } from "@atelier/contracts";

/** After these there is nothing to come back to. */
export const FINAL_CLOSE_CODES: readonly number[] = [CLOSE.rightsTaken, CLOSE.notFound];

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
/** A socket that takes longer to open, its ticket included, is given up. */
const OPEN_TIMEOUT_MS = 10_000;
/** A line that said nothing for so long may be dead without anybody having been told, as after a sleep. */
const DOUBTED_AFTER_MS = 30_000;

/** Wait before reconnect number `n` (from 1): doubling, half of it random. */
export const reconnectWaitMs = (attempt: number, random: number): number => {
  const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt - 1, 10));
  return Math.round(full / 2 + (full / 2) * random);
};

export type LiveSocketOptions = {
  readonly open: () => Promise<WebSocket>;
  readonly onMessage: (data: unknown) => void;
  /** True again without a false before it: another socket has taken the place of one that was doubted. */
  readonly onState: (isConnected: boolean) => void;
  /** False for close codes after which coming back is no use. */
  readonly shouldReturn: (code: number) => boolean;
  /** Hears errors of `open`; false stops the tries. */
  readonly onOpenError: (error: unknown) => boolean;
  /** A long silence says nothing here, and coming back costs more than it is worth: the line is not doubted for it. */
  readonly isSilenceNormal?: boolean;
};

export interface LiveSocket {
  /** False if nothing is open: the data is dropped. */
  send(data: string | Uint8Array<ArrayBuffer>): boolean;
  /** Leaves an open socket, or stops waiting, and connects anew at once. */
  restart(): void;
  close(): void;
}

export const createLiveSocket = (options: LiveSocketOptions): LiveSocket => {
  /** The one whose messages count. */
  let socket: WebSocket | undefined;
  let phase: "resting" | "waiting" | "trying" = "resting";
  /** Numbers the tries, so that a late answer to an earlier one changes nothing. */
  let round = 0;
  let attempts = 0;
  let heardAtMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const enter = (next: typeof phase, timeout?: { readonly ms: number; readonly act: () => void }): void => {
    clearTimeout(timer);
    phase = next;
    if (timeout) timer = setTimeout(timeout.act, timeout.ms);
  };

  const again = (): void => {
    attempts += 1;
    round += 1;
    enter("waiting", { ms: reconnectWaitMs(attempts, Math.random()), act: connect });
  };

  const take = (opened: WebSocket): void => {
    const doubted = socket;
    socket = opened;
    attempts = 0;
    heardAtMs = Date.now();
    enter("resting");
    doubted?.close();
    options.onState(true);
  };

  const lose = (gone: WebSocket, ofRound: number, code: number): void => {
    const isTry = ofRound === round && phase === "trying";
    if (gone !== socket && !isTry) return;
    if (gone === socket) {
      socket = undefined;
      options.onState(false);
    }
    if (!options.shouldReturn(code)) {
      round += 1;
      enter("resting");
    } else if (isTry || phase === "resting") again();
  };

  const listen = (opened: WebSocket, ofRound: number): void => {
    opened.addEventListener("open", () => {
      if (ofRound === round) take(opened);
    });
    opened.addEventListener("message", (event) => {
      if (opened !== socket) return;
      heardAtMs = Date.now();
      options.onMessage(event.data);
    });
    opened.addEventListener("close", (event) => lose(opened, ofRound, event.code));
  };

  const connect = (): void => {
    round += 1;
    const ofRound = round;
    let opening: WebSocket | undefined;
    enter("trying", {
      ms: OPEN_TIMEOUT_MS,
      act() {
        again();
        opening?.close();
      },
    });
    options.open().then(
      (opened) => {
        opening = opened;
        if (ofRound === round) listen(opened, ofRound);
        else opened.close();
      },
      (error: unknown) => {
        if (ofRound !== round) return;
        if (options.onOpenError(error)) again();
        else enter("resting");
      },
    );
  };

  /** Stops waiting; a line that is doubted stays in use until another is open, so that nobody sees a gap. */
  const wake = (isDoubted: boolean): void => {
    if (phase === "waiting") attempts = 0;
    else if (!socket || phase === "trying" || !isDoubted) return;
    connect();
  };
  const isSilent = (): boolean => options.isSilenceNormal !== true && Date.now() - heardAtMs > DOUBTED_AFTER_MS;
  const onOnline = (): void => wake(true);
  const onSight = (): void => {
    if (document.visibilityState === "visible") wake(isSilent());
  };

  // Another network has other addresses: what was open before leads nowhere.
  addEventListener("online", onOnline);
  document.addEventListener("visibilitychange", onSight);
  connect();

  return {
    send(data) {
      if (socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(data);
      return true;
    },
    restart() {
      const open = socket;
      socket = undefined;
      open?.close();
      if (open) options.onState(false);
      // A try that is under way is new enough.
      else if (phase !== "waiting") return;
      attempts = 0;
      connect();
    },
    close() {
      round += 1;
      enter("resting");
      removeEventListener("online", onOnline);
      document.removeEventListener("visibilitychange", onSight);
      const open = socket;
      socket = undefined;
      open?.close();
    },
  };
};
