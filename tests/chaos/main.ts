/**
 * `npm run chaos`: SIGKILL at random times during saves and live edits; after the restart no acknowledged edit may be missing,
 * and no unacknowledged one that a client sends again. `--rounds n` (default 100), `--short` (3), `--seed n`.
 * SIGKILL leaves the page cache alone, so this finds lost acknowledgements and broken recovery, not missing fsyncs.
 */
import { createHash } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Client, signInAsGuest } from "../support/client.ts";
import { findDatabase } from "../support/orphaned-database.ts";
import { freePort, startServer } from "../support/server.ts";
import { openStockClient } from "../support/stock-client.ts";
import { createRandom } from "./random.ts";

type Acknowledged = { readonly path: string; readonly version: number; readonly hash: string };

const { values } = parseArgs({
  options: {
    rounds: { type: "string" },
    short: { type: "boolean", default: false },
    seed: { type: "string" },
  },
});
const rounds = Number(values.rounds ?? (values.short ? 3 : 100));
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const random = createRandom(seed);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const LANES = 6;
const TYPISTS = 3;

/** Saves one file repeatedly until the server is dead, and records every response. */
const saveUntilGone = async (
  client: Client,
  file: { readonly projectId: string; readonly path: string },
  ledger: Acknowledged[],
): Promise<void> => {
  for (let n = 0; ; n++) {
    const content = `${file.path} ${n} ${random().toString(36).repeat(200)}`;
    try {
      const saved = await client.putFile(file.projectId, file.path, content);
      ledger.push({ path: file.path, version: saved.version, hash: sha256(content) });
    } catch {
      return;
    }
  }
};

/** The acknowledged saves that the server can't show any more. */
const missing = async (client: Client, projectId: string, ledger: readonly Acknowledged[]): Promise<string[]> => {
  const lost: string[] = [];
  for (const { path, version, hash } of ledger) {
    const file = await client
      .call("GET", `/projects/${projectId}/files?path=${encodeURIComponent(path)}&version=${version}`)
      .catch(() => undefined);
    const content = (file as { content?: string } | undefined)?.content ?? "";
    if (sha256(content) !== hash) lost.push(`${path} version ${version}`);
  }
  return lost;
};

const dataDir = await mkdtemp(join(tmpdir(), "atelier-chaos-"));
await chmod(dataDir, 0o711);
const port = await freePort();
const ledger: Acknowledged[] = [];
const faults: string[] = [];
let kills = 0;

say(`chaos: ${rounds} rounds, seed ${seed}`);
let server = await startServer({ dataDir, port, env: { RATE_LIMIT_READ: "9999999", RATE_LIMIT_WRITE: "9999999" } });
const client = await signInAsGuest(server.origin);
const project = await client.createProject({ name: "chaos" });
for (let lane = 0; lane < LANES; lane++) await client.createFile(project.id, `lane-${lane}.txt`, "start");
const shared = await client.createFile(project.id, "shared.txt", "");
const typists = await Promise.all(
  Array.from({ length: TYPISTS }, () => openStockClient(client, { projectId: project.id, fileId: shared.id })),
);

try {
  for (let round = 0; round < rounds; round++) {
    const before = ledger.length;
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      saveUntilGone(client, { projectId: project.id, path: `lane-${lane}.txt` }, ledger),
    );
    const typing = setInterval(() => {
      const typist = typists[Math.floor(random() * TYPISTS)];
      typist?.text.insert(
        Math.floor(random() * (typist.text.length + 1)),
        String.fromCodePoint(97 + Math.floor(random() * 26)),
      );
    }, 5);
    await delay(200 + random() * 1000);
    const victim = random() < 0.25 ? await findDatabase(dataDir) : undefined;
    if (victim !== undefined) {
      process.kill(victim, "SIGKILL");
      await delay(random() * 100);
    }
    await server.crash();
    kills++;
    await Promise.all(lanes);
    clearInterval(typing);
    if (ledger.length === before) faults.push(`round ${round}: no save was in flight, so the kill shows nothing`);

    server = await startServer({ dataDir, port, env: { RATE_LIMIT_READ: "9999999", RATE_LIMIT_WRITE: "9999999" } });
    const lost = await missing(client, project.id, ledger.slice(before));
    if (lost.length > 0) faults.push(`round ${round}: lost ${lost.join(", ")}`);
    await settle(round);
    say(
      `  round ${round + 1}: ${ledger.length - before} acknowledged saves, ${typists[0]?.text.length ?? 0} characters typed, ${faults.length} faults`,
    );
  }
  // The verifier itself: an acknowledgement that was never given must be reported as missing.
  const planted = await missing(client, project.id, [
    { path: "lane-0.txt", version: 1_000_000, hash: sha256("never") },
  ]);
  if (planted.length !== 1) faults.push("the check did not notice a planted loss");
} finally {
  for (const typist of typists) typist[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
}

/** Waits until every typist and the file say the same. */
async function settle(round: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const texts = typists.map(({ text }) => text.toString());
    const stored = (await client.readFile(project.id, "shared.txt").catch(() => undefined))?.content;
    if (texts.every((text) => text === texts[0]) && stored === texts[0]) return;
    if (Date.now() > deadline) {
      faults.push(
        `round ${round}: typists have ${texts.map((text) => text.length).join(", ")} characters, the file ${stored?.length}`,
      );
      return;
    }
    await delay(100);
  }
}

say(`${kills} kills, ${ledger.length} acknowledged saves, ${faults.length} faults`);
for (const fault of faults) say(`  ${fault}`);
process.exitCode = faults.length === 0 ? 0 : 1;
