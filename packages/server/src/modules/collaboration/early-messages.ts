/** Keeps what a client sends before its document is open, in order and within bounds. */
import { CLOSE } from "@atelier/contracts";
import type { SocketCall } from "#platform/http";

/** Bytes that a client may send before its document is open. */
const MAX_EARLY_BYTES = 16 * 1024 * 1024;
/** What a message costs beside its own bytes. */
const MESSAGE_OVERHEAD_BYTES = 256;

export type EarlyMessages = {
  /** Everything that came so far. From now on messages are not kept any more. */
  take(): readonly { readonly data: Buffer; readonly isBinary: boolean }[];
};

/** Begins to keep messages. They count in the sender's budget until they are taken or the socket closes. */
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
    if (release === undefined) return socket.close(CLOSE.overloaded, "too much is under way");
    kept.push({ data, isBinary, release });
  });
  socket.once("close", take);
  return { take };
};
