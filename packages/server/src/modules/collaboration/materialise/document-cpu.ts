/** The CPU time that workers have used for live documents, by the account that owns their project: what it used in the last hour. */
import { z } from "zod";
import type { Clock } from "#kernel/clock";
import type { Homes } from "#platform/homes";
import { askAll, type NodeCalls } from "#platform/links";

export interface DocumentCpu {
  charge(accountId: string, cpuMs: number): void;
  /** Milliseconds in the last hour, of this node and of the nodes that answer within ASK_MS. */
  lastHourMs(accountId: string): Promise<number>;
}

export type DocumentCpuNeeds = {
  readonly clock: Clock;
  readonly homes: Pick<Homes, "areShared" | "nodes">;
  readonly calls: NodeCalls;
};

const ASKED = "document-cpu";
const SLICE_MS = 5 * 60_000;
const SLICES = 12;
/** Deadline for the answers of other nodes: the page waits for the number. */
const ASK_MS = 500;

const AskedSchema = z.strictObject({ accountId: z.string() });
const AnswerSchema = z.strictObject({ cpuMs: z.number() });

export const createDocumentCpu = ({ clock, homes, calls }: DocumentCpuNeeds): DocumentCpu => {
  /** Slices of five minutes, the newest last. */
  const slices: { readonly number: number; readonly cpuMs: Map<string, number> }[] = [];

  const current = (): typeof slices => {
    const number = Math.floor(clock.monotonic() / SLICE_MS);
    while ((slices[0]?.number ?? number) <= number - SLICES) slices.shift();
    if (slices.at(-1)?.number !== number) slices.push({ number, cpuMs: new Map() });
    return slices;
  };
  const here = (accountId: string): number =>
    current().reduce((sum, { cpuMs }) => sum + (cpuMs.get(accountId) ?? 0), 0);

  calls.answer(ASKED, async (body) => ({ cpuMs: here(AskedSchema.parse(body).accountId) }));

  const elsewhere = async (accountId: string): Promise<number[]> => {
    if (!homes.areShared) return [];
    const answers = await askAll({ homes, calls, clock }, { name: ASKED, body: { accountId }, withinMs: ASK_MS });
    return answers.map((answer) => AnswerSchema.parse(answer).cpuMs);
  };

  return {
    charge(accountId, cpuMs) {
      const used = current().at(-1)?.cpuMs;
      used?.set(accountId, (used.get(accountId) ?? 0) + cpuMs);
    },
    async lastHourMs(accountId) {
      const others = await elsewhere(accountId);
      return Math.round(others.reduce((sum, cpuMs) => sum + cpuMs, here(accountId)));
    },
  };
};
