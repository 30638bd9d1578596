/** With a certificate the server accepts TLS 1.3 and refuses older versions. */
import { routes } from "@atelier/contracts";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type SecureVersion } from "node:tls";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createEdgeFixture, type EdgeFixture } from "./test-edge.ts";

let edge: EdgeFixture;
let port = 0;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "atelier-tls-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  await promisify(execFile)("openssl", [
    "req",
    "-x509",
    ...options,
    "-subj",
    "/CN=localhost",
    "-keyout",
    key,
    "-out",
    cert,
  ]);
  edge = createEdgeFixture({
    https: true,
    headersDeadlineMs: 200,
    tls: { cert: await readFile(cert, "utf8"), key: await readFile(key, "utf8") },
  });
  await rm(folder, { recursive: true });
  edge.server.bind(routes.languages, async () => ({ status: 200 as const, body: [] }));
  port = Number(new URL(await edge.listen()).port);
});
afterAll(() => edge[Symbol.asyncDispose]());

const ask = (version: SecureVersion): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      minVersion: version,
      maxVersion: version,
    });
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
    socket.write("GET /api/languages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  });

it("ends a connection whose headers do not arrive in time, also over TLS", async () => {
  await using plain = createEdgeFixture({ headersDeadlineMs: 200 });
  const origin = new URL(await plain.listen());
  const silent = [
    connect({ port, host: "127.0.0.1", rejectUnauthorized: false }),
    connectPlain({ port: Number(origin.port), host: "127.0.0.1" }),
  ];
  const answers = silent.map(async (socket) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.write("GET /api/languages HTTP/1.1\r\nHost: loc");
    await once(socket, "close");
    return text.split("\r\n")[0];
  });
  expect(await Promise.all(answers)).toEqual(["HTTP/1.1 408 Request Timeout", "HTTP/1.1 408 Request Timeout"]);
});

it("answers over TLS 1.3 with HSTS, and refuses 1.2", async () => {
  const answer = await ask("TLSv1.3");
  expect(answer).toMatch(/^HTTP\/1.1 200/u);
  expect(answer).toMatch(/strict-transport-security: max-age=\d{7,}/u);
  await expect(ask("TLSv1.2")).rejects.toThrow(/protocol version/u);
});
