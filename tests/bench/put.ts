/** F1, short: the duration of a durable save, one after the other, into a file that is open in an editor, and 20 concurrently. */
import type { TestServer } from "../support/server.ts";
import { signInAsGuest } from "../support/client.ts";
import { openStockClient } from "../support/stock-client.ts";
import { line, summarise } from "./statistics.ts";

const BODY_BYTES = 8 * 1024;

/** @param saves how many saves each of the two loads makes. */
export const benchPut = async (server: TestServer, saves: number): Promise<string[]> => {
  const client = await signInAsGuest(server.origin);
  const project = await client.createProject({ name: "bench put" });
  const lanes = 20;
  const body = (n: number): string => `${n} `.padEnd(BODY_BYTES, "x");
  const files = [];
  for (let lane = 0; lane < lanes; lane++) files.push(await client.createFile(project.id, `file-${lane}.txt`, "start"));

  const save = async (lane: number, n: number): Promise<number> => {
    const start = performance.now();
    await client.putFile(project.id, `file-${lane}.txt`, body(n));
    return performance.now() - start;
  };
  for (let n = 0; n < 20; n++) await save(0, -n - 1);

  const alone: number[] = [];
  for (let n = 0; n < saves; n++) alone.push(await save(0, n));

  const open: number[] = [];
  {
    using editor = await openStockClient(client, { projectId: project.id, fileId: files[0]?.id ?? "" });
    for (let n = 0; n < saves / 4; n++) {
      // Another user types meanwhile.
      if (n % 10 === 0) editor.text.insert(0, "typed ");
      open.push(await save(0, 2_000_000 + n));
    }
  }

  const together: number[] = [];
  const start = performance.now();
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let n = 0; n < saves / lanes; n++) together.push(await save(lane, 1_000_000 + n));
    }),
  );
  const perSecond = together.length / ((performance.now() - start) / 1000);
  return [
    line("PUT 8 KiB, one after the other", summarise(alone)),
    line("PUT 8 KiB, the file open in an editor", summarise(open)),
    line(`PUT 8 KiB, ${lanes} at once (${perSecond.toFixed(0)}/s)`, summarise(together)),
  ];
};
