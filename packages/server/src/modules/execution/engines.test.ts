import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import type { SandboxBlueprint } from "#platform/sandboxes";
import { expect, it } from "vitest";
import { settle } from "./execution-fixture.ts";
import { createEngines } from "./engines.ts";
import type { LiveExecution } from "./live-execution.ts";
import type { Program } from "./runner.ts";
import type { RunProvider } from "./run/ports.ts";
import { createScriptedProvider, type ScriptedProvider } from "./scripted-provider.ts";
import { createWarmPool, type SandboxKind } from "./warm-pool.ts";

const blueprint: SandboxBlueprint = {
  mounts: { layers: ["/image"] },
  network: "none",
  lifetime: "run",
  memoryBytes: 1,
  diskBytes: 1,
  diskInodes: 1,
};
const kind: SandboxKind = { key: "python", blueprint };

/** Programs that run until the test ends them. Each claims a sandbox, as real ones do. */
const openEngines = () => {
  const clock = createManualClock();
  const ends = new Map<string, () => void>();
  const ranIn = new Map<string, RunProvider>();
  const engines = createEngines((provider) => {
    const pool = createWarmPool({ provider, clock, log: silentLog, maxWarm: 8, parallelBoots: 2 });
    return {
      pool,
      async runner({ facts }) {
        const { sandbox } = await pool.claim(kind);
        ranIn.set(facts.id, provider);
        await new Promise<void>((resolve) => ends.set(facts.id, resolve));
        await sandbox[Symbol.asyncDispose]();
      },
    };
  });
  const start = (id: string): Promise<void> => engines.run({ facts: { id } } as LiveExecution, {} as Program);
  return { engines, ranIn, end: (id: string) => ends.get(id)?.(), start };
};
const waiting = ({ booted, disposed }: ScriptedProvider): number => booted.length - disposed;

it("[X6] programs that start after a stronger provider is found run in it; running programs end in their own provider", async () => {
  const [weak, strong] = [createScriptedProvider(), createScriptedProvider()];
  const { engines, ranIn, end, start } = openEngines();
  await expect(start("too early")).rejects.toThrow("no sandbox provider");
  engines.keep(kind);
  engines.use(weak);
  await settle();
  const early = start("early");
  await settle();
  engines.use(strong);
  await settle();
  const late = start("late");
  await settle();
  expect([ranIn.get("early"), ranIn.get("late"), engines.current?.provider]).toEqual([weak, strong, strong]);
  // The weak provider's waiting sandboxes stay while a program runs in it, and are disposed after it.
  expect(waiting(weak)).toBeGreaterThan(0);
  end("early");
  await early;
  await settle();
  expect([waiting(weak), waiting(strong) > 0]).toEqual([0, true]);
  end("late");
  await late;
  await engines[Symbol.asyncDispose]();
  expect([waiting(weak), waiting(strong)]).toEqual([0, 0]);
});
