/** Downloads: checked, continued after a kill, kept, and refused when they are wrong. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { download } from "./download.mjs";

const parent = mkdtempSync(join(tmpdir(), "atelier-download-"));
const before = process.env["ATELIER_CACHE_DIR"];
const content = "The jar of a compiler. ".repeat(4000);
const sum = (algorithm: string, text = content): string => createHash(algorithm).update(text).digest("hex");

/** Requests as they came: "path range". */
let requests: string[] = [];
const files: Record<string, string> = {
  "/a.jar": content,
  "/a.jar.sha1": `${sum("sha1")}  a.jar\n`,
  "/bad.jar": content,
  "/bad.jar.sha256": sum("sha256", "another"),
  "/bare.jar": content,
};
const server: Server = createServer((request, response) => {
  const range = /^bytes=(\d+)-$/u.exec(request.headers.range ?? "")?.[1];
  requests.push(`${request.url ?? ""} ${range ?? ""}`.trim());
  const body = files[request.url ?? ""];
  if (body === undefined) return response.writeHead(404).end();
  const rest = body.slice(Number(range ?? 0));
  if (range !== undefined && rest === "") return response.writeHead(416).end();
  return response.writeHead(range === undefined ? 200 : 206, { "content-length": rest.length }).end(rest);
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeEach(() => {
  process.env["ATELIER_CACHE_DIR"] = mkdtempSync(join(parent, "cache-"));
  requests = [];
});
afterAll(() => {
  server.close();
  rmSync(parent, { recursive: true, force: true });
  if (before === undefined) delete process.env["ATELIER_CACHE_DIR"];
  else process.env["ATELIER_CACHE_DIR"] = before;
});

const beside = { beside: ["sha256", "sha1"] };
const wanted = (name: string) => [{ url: `${origin}/${name}`, path: `maven/${name}`, checksum: beside }];
const target = (name: string): string => join(process.env["ATELIER_CACHE_DIR"] ?? "", "downloads/maven", name);

test("a file is checked by the checksum beside it, kept, and not fetched again", async () => {
  const shares: number[] = [];
  const say = (share: number): void => void shares.push(share);
  expect(await download(wanted("a.jar"), say)).toEqual([target("a.jar")]);
  expect(readFileSync(target("a.jar"), "utf8")).toBe(content);
  expect([shares[0], shares.at(-1)]).toEqual([0, 1]);
  expect(requests).toEqual(["/a.jar.sha256", "/a.jar.sha1", "/a.jar"]);
  requests = [];
  await download(wanted("a.jar"), say);
  expect(requests).toEqual(["/a.jar.sha256", "/a.jar.sha1"]);
});

test("what a killed build had of a file is continued; a wrong beginning is thrown away", async () => {
  for (const [beginning, asked] of [
    [content.slice(0, 1000), ["/a.jar 1000"]],
    [content, [`/a.jar ${content.length}`]],
    ["not the same file", ["/a.jar 17", "/a.jar"]],
  ] as const) {
    rmSync(target("a.jar"), { force: true });
    mkdirSync(dirname(target("a.jar")), { recursive: true });
    writeFileSync(`${target("a.jar")}.part`, beginning);
    requests = [];
    await download(wanted("a.jar"), () => undefined);
    expect(requests.filter((one) => !one.includes(".sha"))).toEqual(asked);
    expect(readFileSync(target("a.jar"), "utf8")).toBe(content);
    expect(existsSync(`${target("a.jar")}.part`)).toBe(false);
  }
});

test("a wrong checksum, none, or a missing file is a fault, and nothing stays", async () => {
  for (const [name, detail] of [
    ["bad.jar", /bad.jar: the checksum is wrong/],
    ["bare.jar", /bare.jar has no checksum/],
    ["none.jar", /none.jar has no checksum/],
  ] as const) {
    await expect(download(wanted(name), () => undefined)).rejects.toMatchObject({
      detail: expect.stringMatching(detail),
    });
    expect(existsSync(target(name)) || existsSync(`${target(name)}.part`)).toBe(false);
  }
  const checksum = { algorithm: "sha256", encoding: "hex", value: sum("sha256") } as const;
  await expect(
    download([{ url: `${origin}/gone`, path: "maven/gone", checksum }], () => undefined),
  ).rejects.toMatchObject({
    detail: expect.stringContaining("/gone: 404"),
  });
});
