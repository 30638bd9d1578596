/** The machine that a launched isolation tool makes: its streams, its meter, and its end without a trace. */
import { familyOf, isAlive, killProcesses, waitUntil } from "./host-processes.ts";
import type { Launched } from "./launch.ts";
import type { Machine } from "./machine.ts";
import { createPolledMeter, hostView } from "./polled-meter.ts";
import type { SandboxPlace } from "./sandbox-home.ts";

/** For everything in a sandbox to end, and its cgroup to go. */
export const destroyTimeoutMs = 10_000;

/** Kills by cgroup, which nothing inside can leave; where there is none, by descent. */
const end = async (launched: Launched, place: SandboxPlace): Promise<void> => {
  if (place.cgroup !== undefined) {
    killProcesses(place.cgroup.processes());
    await launched.exited;
    await place.remove(destroyTimeoutMs);
    return;
  }
  const family = familyOf(launched.pid);
  killProcesses(family.map((member) => member.pid));
  await launched.exited;
  const gone = await waitUntil(() => !family.some(isAlive), destroyTimeoutMs);
  await place.remove(destroyTimeoutMs);
  if (!gone) throw new Error("a sandboxed process did not end");
};

/** Measured by its cgroup where it has one. */
export const createToolMachine = (options: {
  readonly launched: Launched;
  readonly place: SandboxPlace;
  readonly isCopy?: boolean;
  readonly becomeOriginal?: Machine["becomeOriginal"];
  readonly rest?: () => void;
  readonly wake?: () => void;
}): Machine => {
  const { launched, place } = options;
  let destroyed: Promise<void> | undefined;
  return {
    input: launched.input,
    output: launched.output,
    meter: place.cgroup?.meter ?? createPolledMeter(launched.pid, hostView(place.toolMemoryBytes)),
    isCopy: options.isCopy ?? false,
    becomeOriginal: options.becomeOriginal ?? (() => Promise.resolve(false)),
    rest: options.rest ?? (() => undefined),
    wake: options.wake ?? (() => undefined),
    destroy: () => (destroyed ??= end(launched, place)),
    complaint: launched.complaint,
  };
};
