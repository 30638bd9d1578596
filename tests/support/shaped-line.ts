/** A line of a given speed between a client and the server: bytes leave at its rate and arrive after its delay. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export type LineShape = {
  /** For each direction. */
  readonly bitsPerSecond: number;
  /** From one end to the other and back, without load. */
  readonly roundTripMs: number;
};

export type ShapedLine = AsyncDisposable & { readonly origin: string };

/** What a router keeps at the slow end; then the sender is not read. */
const BUFFER_BYTES = 64 * 1024;
/** Bytes leave in packets of this size. */
const PACKET_BYTES = 1_400;

const shape = (from: Socket, to: Socket, { bitsPerSecond, roundTripMs }: LineShape): void => {
  const underWay: { readonly packet: Buffer; readonly arrivesAtMs: number }[] = [];
  let freeAtMs = 0;
  let queuedBytes = 0;
  /** One timer for all: several would not keep the order of packets that arrive in the same millisecond. */
  const deliver = (): void => {
    for (let [first] = underWay; first !== undefined; [first] = underWay) {
      const waitMs = first.arrivesAtMs - performance.now();
      if (waitMs > 0) return void setTimeout(deliver, waitMs);
      underWay.shift();
      queuedBytes -= first.packet.byteLength;
      if (!to.destroyed) to.write(first.packet);
      if (queuedBytes < BUFFER_BYTES && from.isPaused()) from.resume();
    }
  };
  from.on("data", (bytes: Buffer) => {
    const isIdle = underWay.length === 0;
    for (let at = 0; at < bytes.byteLength; at += PACKET_BYTES) {
      const packet = bytes.subarray(at, at + PACKET_BYTES);
      freeAtMs = Math.max(performance.now(), freeAtMs) + (packet.byteLength * 8_000) / bitsPerSecond;
      queuedBytes += packet.byteLength;
      underWay.push({ packet, arrivesAtMs: freeAtMs + roundTripMs / 2 });
    }
    if (queuedBytes >= BUFFER_BYTES) from.pause();
    if (isIdle) deliver();
  });
  from.on("close", () => to.destroy());
  from.on("error", () => to.destroy());
};

/** @param port where the server listens on 127.0.0.1 */
export const openShapedLine = async (port: number, line: LineShape): Promise<ShapedLine> => {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
    }
    shape(near, far, line);
    shape(far, near, line);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
};
