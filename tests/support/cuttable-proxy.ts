/** A line between a browser and the server that can be cut and mended, without either of them being told. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export type CuttableProxy = AsyncDisposable & {
  readonly origin: string;
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Takes connections again, at the same address. */
  mend(): Promise<void>;
};

/** @param port where the server listens on 127.0.0.1. */
export const openCuttableProxy = async (port: number): Promise<CuttableProxy> => {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // A cut line is no fault of the program's.
    socket.on("error", () => socket.destroy());
  };
  const open = async (at: number): Promise<Server> => {
    const server = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      for (const socket of [near, far]) keep(socket);
      near.setNoDelay(true);
      far.setNoDelay(true);
      near.pipe(far).pipe(near);
      near.on("close", () => far.destroy());
      far.on("close", () => near.destroy());
    });
    server.listen(at, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  let server: Server | undefined = await open(0);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const cut = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    for (const socket of sockets) socket.destroy();
    if (!closing) return;
    closing.close();
    await once(closing, "close");
  };
  return {
    origin: `http://127.0.0.1:${address.port}`,
    cut,
    mend: async () => {
      server ??= await open(address.port);
    },
    [Symbol.asyncDispose]: cut,
  };
};
