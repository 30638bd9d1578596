/** The image of test services holds servers that really start: Redis answers over its protocol and is gone afterwards. */
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/server.ts";
import { servicesRoot, startService } from "../support/service.ts";

const ask = async (port: number, command: string): Promise<string> => {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    socket.write(`${command}\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    return answer.toString();
  } finally {
    socket.destroy();
  }
};

const root = servicesRoot();

test.skipIf(root === undefined)("redis starts from the image, answers, and leaves nothing", async () => {
  const port = await freePort();
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", "/mnt"];
  {
    await using redis = startService(root ?? "", ["/usr/bin/redis-server", ...settings]);
    expect(redis.process.pid).toBeGreaterThan(0);
    expect(await eventually(() => ask(port, "PING"))).toBe("+PONG\r\n");
    expect(await ask(port, "SET a 1")).toBe("+OK\r\n");
  }
  await expect(ask(port, "PING")).rejects.toThrow("ECONNREFUSED");
});
