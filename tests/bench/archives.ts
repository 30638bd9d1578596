/** F8: a large project comes in as a tar and as a zip and goes out as a zip: duration, and the server's memory meanwhile. */
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { ImportReport } from "@atelier/contracts";
import { tarOf } from "../../packages/server/src/modules/collaboration/import/test-archives.ts";
import { type Client, signInAsGuest } from "../support/client.ts";
import type { TestServer } from "../support/server.ts";

const MIB = 1_048_576;
/** Of one file. */
const LARGE = 1_048_576;
const SAMPLE_MS = 100;

const rssOf = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return (Number(/^VmRSS:\s+(\d+) kB/mu.exec(status)?.[1] ?? 0) * 1024) / MIB;
};

/** Runs work and watches the server's resident memory. */
const watched = async <T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ result: T; seconds: number; before: number; most: number }> => {
  const before = await rssOf(pid);
  let most = before;
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      most = Math.max(most, await rssOf(pid));
      await delay(SAMPLE_MS);
    }
  })();
  const start = performance.now();
  try {
    const result = await work();
    return { result, seconds: (performance.now() - start) / 1000, before, most };
  } finally {
    isOver = true;
    await watch;
  }
};

/** A tar of `count` files of random bytes, no two the same, made while it is sent. */
const tarStream = (count: number): ReadableStream<Uint8Array> => {
  let at = 0;
  const base = Buffer.alloc(LARGE);
  randomBytes(LARGE).copy(base);
  return new ReadableStream({
    pull(controller) {
      if (at === count) {
        controller.enqueue(new Uint8Array(1024));
        controller.close();
        return;
      }
      base.writeUInt32LE(at, 0);
      const tar = tarOf([{ name: `large/${at % 50}/file-${at}.bin`, content: base }]);
      controller.enqueue(new Uint8Array(tar.subarray(0, -1024)));
      at++;
    },
  });
};

const send = async (client: Client, projectId: string, body: BodyInit): Promise<ImportReport> => {
  const answer = await fetch(`${client.origin}/api/projects/${projectId}/import`, {
    method: "POST",
    headers: { authorization: `Bearer ${client.token}`, "content-type": "application/octet-stream" },
    body,
    duplex: "half",
  } as RequestInit);
  if (!answer.ok) throw new Error(`import: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as ImportReport;
};

/** @param mebibytes size of the project, in files of 1 MiB; then 20 times as many small files */
export const benchArchives = async (server: TestServer, mebibytes: number): Promise<string[]> => {
  const client = await signInAsGuest(server.origin);
  const text = (title: string, { seconds, before, most }: { seconds: number; before: number; most: number }): string =>
    `  ${title.padEnd(46)} ${seconds.toFixed(1)} s   RSS ${before.toFixed(0)} MiB before, at most ${most.toFixed(0)} (+${(most - before).toFixed(0)})`;
  const project = await client.createProject({ name: "bench archives" });
  const imported = await watched(server.pid, () => send(client, project.id, tarStream(mebibytes)));
  if (imported.result.created !== mebibytes)
    throw new Error(`imported ${JSON.stringify(imported.result).slice(0, 500)}`);

  const download = async (): Promise<{ bytes: number; hash: string }> => {
    const answer = await fetch(`${client.origin}/api/projects/${project.id}/export`, {
      headers: { authorization: `Bearer ${client.token}` },
    });
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of answer.body ?? []) {
      hash.update(chunk as Uint8Array);
      bytes += (chunk as Uint8Array).byteLength;
    }
    return { bytes, hash: hash.digest("hex") };
  };
  const exported = await watched(server.pid, download);

  // The archive goes from the export to the import without being in this process as a whole.
  const again = await client.createProject({ name: "bench archives again" });
  const there = await watched(server.pid, async () => {
    const answer = await fetch(`${client.origin}/api/projects/${project.id}/export`, {
      headers: { authorization: `Bearer ${client.token}` },
    });
    if (answer.body === null) throw new Error("no archive");
    return send(client, again.id, answer.body);
  });
  if (there.result.created !== mebibytes || there.result.skippedCount > 0) throw new Error("the round trip lost files");

  const small = Array.from({ length: mebibytes * 20 }, (_, at) => ({
    name: `small/${at % 100}/${at}.txt`,
    content: `text ${at}\n`,
  }));
  const many = await client.createProject({ name: "bench many" });
  const manyImported = await watched(server.pid, () => send(client, many.id, new Uint8Array(tarOf(small))));
  if (manyImported.result.created !== small.length) throw new Error("small files are missing");
  return [
    text(`import of ${mebibytes} MiB (tar)`, imported),
    text(`export of it as zip (${(exported.result.bytes / MIB).toFixed(0)} MiB)`, exported),
    text("export piped into an import (zip)", there),
    text(`import of ${small.length} small files (tar)`, manyImported),
  ];
};
