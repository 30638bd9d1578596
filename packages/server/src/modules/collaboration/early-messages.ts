/** Keeps messages that arrive before their document is open, in order and limited in size. */
import { CLOSE } from "@atelier/contracts";
import type { SocketCall } from "#platform/http";

/** Bytes that a client may send before its document is open. */
const MAX_EARLY_BYTES = 16 * 1024 * 1024;
/** Memory that a message needs beside its own bytes. */
const MESSAGE_OVERHEAD_BYTES = 256;

export type EarlyMessages = {
  /** Returns the messages so far; from now on none are kept. */
  take(): readonly { readonly data: Buffer; readonly isBinary: boolean }[];
};

/** Starts to keep messages. They count in the sender's budget until they are taken or the socket closes. */
export const keepEarlyMessages = ({ socket, reserve }: Pick<SocketCall, "socket" | "reserve">): EarlyMessages => {
  const kept: { readonly data: Buffer; readonly isBinary: boolean; readonly release: () => void }[] = [];
  let isKeeping = true;
  let bytes = 0;

  const take: EarlyMessages["take"] = () => {
    isKeeping = false;
    const messages = kept.splice(0);
    for (const { release } of messages) release();
    return messages;
  };
  socket.on("message", (data: Buffer, isBinary) => {
    if (!isKeeping || socket.readyState !== socket.OPEN) return;
    const cost = data.byteLength + MESSAGE_OVERHEAD_BYTES;
    bytes += cost;
    if (bytes > MAX_EARLY_BYTES) return socket.close(CLOSE.tooLarge, "too much before the document is open");
    const release = reserve(cost);
    if (release === undefined) return socket.close(CLOSE.overloaded, "too many messages are waiting");
    kept.push({ data, isBinary, release });
  });
  socket.once("close", take);
  return { take };
};
