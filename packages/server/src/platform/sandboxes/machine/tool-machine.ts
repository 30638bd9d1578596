/** The machine of a launched isolation tool: its streams, its meter, and its complete removal. */
import type { CpuTurn } from "../limits/cpu-weights.ts";
import { writeAdoption } from "./adoption-record.ts";
import { familyOf, isAlive, killProcesses, waitUntil } from "./host-processes.ts";
import type { Launched } from "./launch.ts";
import type { TierMachine } from "./tier-machine.ts";
import type { Meter } from "../limits/meter.ts";
import { createPolledMeter, hostView } from "../limits/polled-meter.ts";
import type { SandboxResources } from "./host-resources.ts";
import { withSocketMemory } from "../limits/socket-memory.ts";

/** Time for all processes of a sandbox to end and its cgroup to be removed. */
export const destroyTimeoutMs = 10_000;

/** Kills by cgroup, which nothing inside can leave; where there is none, by descent. */
const end = async (launched: Launched, resources: SandboxResources): Promise<void> => {
  launched.stop();
  if (resources.cgroup !== undefined) {
    killProcesses(resources.cgroup.processes());
    await launched.exited;
    await resources.remove(destroyTimeoutMs);
    return;
  }
  const family = familyOf(launched.pid);
  killProcesses(family.map((member) => member.pid));
  await launched.exited;
  const gone = await waitUntil(() => !family.some(isAlive), destroyTimeoutMs);
  await resources.remove(destroyTimeoutMs);
  if (!gone) throw new Error("a sandboxed process did not end");
};

/** Measures by the cgroup where there is one, and by the sockets where they belong to the host's kernel. */
const meterOf = (launched: Launched, resources: SandboxResources, networkPid: number | undefined): Meter => {
  const meter = resources.cgroup?.meter ?? createPolledMeter(launched.pid, hostView(resources.toolMemoryBytes));
  if (networkPid === undefined) return meter;
  return withSocketMemory(meter, { pid: networkPid, charged: resources.cgroup?.chargesSockets ?? false });
};

/** Small shares, because a running program gets little CPU time on a busy machine. The gVisor of 2024 uses up to 13 % by itself, a current one 2 %. */
const idleShares = { ownKernel: 0.2, hostKernel: 0.05 };

/** @param networkPid a process in the sandbox's network namespace; absent when the sandbox's kernel has its own network stack. */
export const createToolMachine = (options: {
  readonly launched: Launched;
  readonly resources: SandboxResources;
  readonly networkPid?: number;
  readonly isCopy?: boolean;
  readonly becomeOriginal?: TierMachine["becomeOriginal"];
  readonly rest?: () => void;
  readonly wake?: () => void;
}): TierMachine => {
  const { launched, resources } = options;
  const meter = meterOf(launched, resources, options.networkPid);
  if (launched.shim !== undefined) writeAdoption(resources, { shim: launched.shim, networkPid: options.networkPid });
  let turn: CpuTurn | undefined;
  let destroyed: Promise<void> | undefined;
  return {
    input: launched.input,
    output: launched.output,
    meter: {
      ...meter,
      measure() {
        const measurement = meter.measure();
        turn?.spent(measurement.cpuMs);
        return measurement;
      },
    },
    idleShare: resources.toolMemoryBytes > 0 ? idleShares.ownKernel : idleShares.hostKernel,
    isCopy: options.isCopy ?? false,
    becomeOriginal: options.becomeOriginal ?? (() => Promise.resolve(false)),
    rest: options.rest ?? (() => undefined),
    wake(owner) {
      const { cgroup } = resources;
      if (cgroup !== undefined) turn = resources.cpuWeights.enter(owner, (weight) => cgroup.setCpuWeight(weight));
      options.wake?.();
    },
    destroy() {
      turn?.leave();
      return (destroyed ??= end(launched, resources));
    },
    complaint: launched.complaint,
    acknowledge: launched.acknowledge,
    detach() {
      launched.detach();
      turn?.leave();
    },
  };
};
