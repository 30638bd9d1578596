/** Stands between a page and its project's socket, and interferes with one kind of channel; all others pass. */
import {
  CHANNEL_FRAME,
  type ChannelFrame,
  type ChannelOpening,
  decodeChannelFrame,
  encodeChannelFrame,
  encodeClosing,
} from "@atelier/contracts";
import type { Page } from "playwright-core";

/** The address of the page's socket. */
export const PROJECT_SOCKET = /\/api\/projects\/[^/]+\/socket/u;

export type Tap = {
  /** Called for each frame, or piece, that the page sends in such a channel. @returns false: it is dropped */
  readonly fromPage?: () => boolean;
  /** Changes a text frame that the server sends; it must fit into one piece. */
  readonly textToPage?: (text: string) => string;
  /** Asked when the page opens such a channel. @returns the close code that it gets instead */
  readonly refuse?: () => number | undefined;
};

export type Tapped = {
  /** Closes the open channels of this kind with a code. */
  closeAll(code: number): void;
  /** What the page sends in them on the sockets that are open now is dropped from now on. */
  silence(): void;
};

const CONTENT: readonly number[] = [CHANNEL_FRAME.data, CHANNEL_FRAME.text, CHANNEL_FRAME.more];

const decode = (message: string | Buffer): ChannelFrame => {
  const frame = decodeChannelFrame(Buffer.from(message as string));
  if (frame === undefined) throw new Error("not a frame of the project's socket");
  return frame;
};
const encode = (frame: ChannelFrame): Buffer => Buffer.from(encodeChannelFrame(frame));
const closing = (channel: number, code: number): Buffer =>
  encode({ channel, type: CHANNEL_FRAME.close, payload: encodeClosing({ code, reason: "" }) });

/** Works on sockets that are opened from now on. */
export const tapChannels = async (page: Page, kind: ChannelOpening["kind"], tap: Tap): Promise<Tapped> => {
  const open = new Set<{ close(code: number): void; silence(): void }>();
  await page.routeWebSocket(PROJECT_SOCKET, (socket) => {
    const server = socket.connectToServer();
    const tapped = new Set<number>();
    const refused = new Set<number>();
    let isSilent = false;
    open.add({
      close(code) {
        for (const channel of tapped) {
          socket.send(closing(channel, code));
          server.send(closing(channel, 1000));
        }
        tapped.clear();
      },
      silence: () => void (isSilent = true),
    });
    socket.onMessage((message) => {
      const { channel, type, payload } = decode(message);
      if (
        type === CHANNEL_FRAME.open &&
        (JSON.parse(Buffer.from(payload).toString()) as ChannelOpening).kind === kind
      ) {
        const code = tap.refuse?.();
        if (code === undefined) tapped.add(channel);
        else {
          refused.add(channel);
          socket.send(closing(channel, code));
        }
      }
      if (refused.has(channel)) return;
      const isContent = tapped.has(channel) && CONTENT.includes(type);
      if (isContent && (isSilent || tap.fromPage?.() === false)) return;
      server.send(message);
    });
    server.onMessage((message) => {
      const { channel, type, payload } = decode(message);
      if (tap.textToPage === undefined || !tapped.has(channel) || type !== CHANNEL_FRAME.text)
        return socket.send(message);
      const text = tap.textToPage(Buffer.from(payload).toString());
      socket.send(encode({ channel, type, payload: Buffer.from(text) }));
    });
  });
  return {
    closeAll(code) {
      for (const socket of open) socket.close(code);
    },
    silence() {
      for (const socket of open) socket.silence();
    },
  };
};
