// A process of its own that downloads files: `fetch-files.mjs <list.json>`, a list of { url, target, checksums }. It continues what an
// earlier one began, and prints `share <0 to 1> <name>`. The starter sets NODE_USE_ENV_PROXY, which Node reads only at its start.
import { createHash } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import process from "node:process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const attempts = 4;

function fail(message) {
  console.error(message);
  process.exit(1);
}

async function request(url, headers) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(url, { headers });
      if (response.status < 500 || attempt === attempts) return response;
      await response.body?.cancel();
    } catch (error) {
      if (attempt === attempts) throw new Error(`${url}: ${error.cause?.message ?? error.message}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 * attempt));
  }
}

/** The wanted checksum: given as { algorithm, encoding, value }, or to be read beside the file. */
async function wantedChecksum({ url, checksum }) {
  if (checksum.value !== undefined) return checksum;
  for (const algorithm of checksum.beside) {
    const response = await request(`${url}.${algorithm}`);
    const text = (await response.text()).trim().split(/\s+/)[0];
    if (response.ok) return { algorithm, encoding: "hex", value: text };
  }
  return fail(`${url} has no checksum`);
}

async function fetchOne(file, tell) {
  const { url, target } = file;
  const wanted = await wantedChecksum(file);
  const isRight = (path) =>
    createHash(wanted.algorithm).update(readFileSync(path)).digest(wanted.encoding) === wanted.value;
  if (existsSync(target) && isRight(target)) return;
  const part = `${target}.part`;
  mkdirSync(dirname(target), { recursive: true });
  const began = existsSync(part) ? statSync(part).size : 0;
  const response = await request(url, began > 0 ? { range: `bytes=${began}-` } : {});
  const isRest = response.status === 206;
  if (response.status !== 416) {
    if (!response.ok || response.body === null) fail(`${url}: ${response.status} ${response.statusText}`);
    const total = (isRest ? began : 0) + Number(response.headers.get("content-length") ?? 0);
    let got = isRest ? began : 0;
    const body = Readable.fromWeb(response.body).on("data", (chunk) => {
      got += chunk.length;
      if (total > 0) tell(Math.min(1, got / total));
    });
    await pipeline(body, createWriteStream(part, { flags: isRest ? "a" : "w" }));
  }
  if (isRight(part)) return renameSync(part, target);
  rmSync(part);
  if (began > 0) return fetchOne(file, tell);
  return fail(`${url}: the checksum is wrong`);
}

const files = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (const [index, file] of files.entries()) {
  const say = (share) => console.log(`share ${((index + share) / files.length).toFixed(4)} ${basename(file.target)}`);
  say(0);
  await fetchOne(file, say);
}
