/** A proxy between a browser and the server that holds some files back until they are released. */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type RequestOptions } from "node:http";
import type { Duplex } from "node:stream";

export type SlowLine = AsyncDisposable & {
  readonly origin: string;
  /** Resolves when a held file was requested. */
  readonly asked: Promise<void>;
  readonly letThrough: () => void;
};

/** @param port of the server on 127.0.0.1; requests for paths that match `held` wait. */
export const openSlowLine = async (port: number, held: RegExp): Promise<SlowLine> => {
  let tellAsked = (): void => undefined;
  let letThrough = (): void => undefined;
  const asked = new Promise<void>((resolve) => (tellAsked = resolve));
  const open = new Promise<void>((resolve) => (letThrough = resolve));
  const onward = ({ method, url, headers }: IncomingMessage): RequestOptions => ({
    host: "127.0.0.1",
    port,
    method,
    path: url,
    headers,
  });
  const upgraded = new Set<Duplex>();
  const proxy = createServer((near, answer) => {
    const forward = (): void => {
      const far = request(onward(near), (theirs) => {
        answer.writeHead(theirs.statusCode ?? 502, theirs.rawHeaders);
        theirs.pipe(answer);
      });
      far.on("error", () => answer.destroy());
      near.pipe(far);
    };
    if (!held.test(near.url ?? "")) return forward();
    tellAsked();
    void open.then(forward);
  });
  proxy.on("upgrade", (near: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgraded.add(socket);
    const far = request(onward(near));
    far.on("upgrade", (theirs, there, first) => {
      const lines = theirs.rawHeaders.map((part, index) => (index % 2 === 0 ? `${part}: ` : `${part}\r\n`)).join("");
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`);
      socket.write(first);
      there.write(head);
      socket.on("error", () => there.destroy());
      there.on("error", () => socket.destroy());
      socket.on("close", () => there.destroy());
      there.pipe(socket).pipe(there);
    });
    far.on("response", () => socket.destroy());
    far.on("error", () => socket.destroy());
    far.end();
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    asked,
    letThrough,
    [Symbol.asyncDispose]: async () => {
      letThrough();
      proxy.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      proxy.close();
      await once(proxy, "close");
    },
  };
};
