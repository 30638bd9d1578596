/**
 * Chooses the sandbox provider: at the start, or later when the image and the tools are there. While the setup is still running nothing is
 * probed, so that the choice is made once, among all providers. While a stronger tier than the chosen one does not work, it looks for
 * changes; programs that start after a stronger provider is found run in it.
 */
import type { Clock, Timer } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import type { SandboxProvider } from "#platform/sandboxes";
import type { SandboxChoice } from "./sandbox-choice.ts";
import type { SetupState } from "./setup-state.ts";

const LOOK_EVERY_MS = 1000;
/** The interval while a provider is in use and a stronger tier does not work. */
const LOOK_FOR_STRONGER_EVERY_MS = 30_000;

export type SandboxWatchNeeds = {
  /** Probes the providers that are stronger than this tier; null: all. */
  readonly choose: (strongerThan: SandboxChoice["tier"]) => Promise<SandboxChoice>;
  /** Describes what can be probed, as one text: when the text changes, it is probed again. */
  readonly inventory: () => Promise<string>;
  readonly readSetup: () => Promise<SetupState>;
  /** @throws Error when the choice must not be used here. */
  readonly permit: (choice: SandboxChoice) => void;
  readonly clock: Clock;
  readonly log: Log;
  /** Reports the result of a probe after the start to the operator. */
  readonly announce: (choice: SandboxChoice) => void;
};

export interface SandboxWatch extends Component {
  /** The current choice; without a provider until one works. */
  readonly choice: SandboxChoice;
  /** Programs can't run yet, and will without further action. */
  readonly isPreparing: boolean;
  /** Why programs can't run: a sentence for users, without host details. */
  reason(): string;
  /** The first probe: resolves with the choice, or without a provider. @throws what `permit` threw. */
  first(): Promise<SandboxChoice>;
  /** Calls `adopt` with a provider, now or when there is one, and again with a stronger one. This watch disposes them. */
  onProvider(adopt: (provider: SandboxProvider) => void): void;
  /** Resolves when the current probe has ended; for tests. */
  idle(): Promise<void>;
}

const NONE: SandboxChoice = { provider: undefined, tier: null, verdicts: [] };

export const createSandboxWatch = (needs: SandboxWatchNeeds): SandboxWatch => {
  const { clock, log } = needs;
  let choice = NONE;
  let setup: SetupState = { pending: [], faults: [] };
  /** Providers that were replaced by a stronger one; programs may still run in them. */
  const replaced: SandboxProvider[] = [];
  let tried: string | undefined;
  let timer: Timer | undefined;
  let looking: Promise<void> = Promise.resolve();
  let isStopped = false;
  let isTrying = false;
  const users: ((provider: SandboxProvider) => void)[] = [];
  const toldFaults = new Set<string>();

  const readSetup = async (): Promise<void> => {
    setup = await needs.readSetup();
    for (const { step, message } of setup.faults) {
      if (toldFaults.has(step)) continue;
      toldFaults.add(step);
      log.warn("sandbox.setup-failed", { step, message });
    }
  };

  /** Probes when something has changed. */
  const tryOnce = async (): Promise<void> => {
    const wasPreparing = setup.pending.length > 0;
    await readSetup();
    if (setup.pending.length > 0) return;
    // The setup counts as running until the first probe after it has ended.
    isTrying = wasPreparing;
    try {
      const inventory = await needs.inventory();
      if (inventory === tried) return;
      tried = inventory;
      await choose();
    } finally {
      isTrying = false;
    }
  };

  const choose = async (): Promise<void> => {
    const found = await needs.choose(choice.tier);
    if (choice.provider !== undefined) {
      if (found.provider === undefined) return;
      replaced.push(choice.provider);
    }
    choice = found;
    try {
      needs.permit(choice);
    } catch (error) {
      const reason = (error as Error).message;
      await choice.provider?.[Symbol.asyncDispose]();
      choice = {
        ...NONE,
        verdicts: choice.verdicts.map((one) => (one.works ? { ...one, works: false, reason } : one)),
      };
      throw error;
    }
  };

  const look = async (): Promise<void> => {
    const before = choice;
    try {
      await tryOnce();
    } catch (error) {
      log.error("sandbox.look-failed", { error });
    }
    if (isStopped) return;
    if (choice !== before) {
      needs.announce(choice);
      if (choice.provider !== undefined) for (const adopt of users) adopt(choice.provider);
    }
    schedule();
  };
  const schedule = (): void => {
    if (isStopped || (choice.provider !== undefined && choice.verdicts.every(({ works }) => works))) return;
    timer = clock.after(choice.provider === undefined ? LOOK_EVERY_MS : LOOK_FOR_STRONGER_EVERY_MS, () => {
      looking = look();
    });
  };

  let first: Promise<SandboxChoice> | undefined;
  return {
    name: "sandboxes",
    get choice() {
      return choice;
    },
    get isPreparing() {
      return choice.provider === undefined && (setup.pending.length > 0 || isTrying);
    },
    reason() {
      if (setup.pending.length > 0)
        return `Programs can't run yet: this server is still setting up (${setup.pending.join(", ")}). Editing and saving work.`;
      if (isTrying)
        return "Programs can't run yet: this server is testing what it has set up. Editing and saving work.";
      const [fault] = setup.faults;
      if (fault !== undefined)
        return `Programs can't run on this server: its setup failed (${fault.step}). Editing and saving work.`;
      return "Programs can't run on this server yet; editing and saving work.";
    },
    async start() {
      first = tryOnce().then(() => choice);
      // `start` reports a failure to its caller; until it is called nobody may be listening.
      looking = first.then(
        () => undefined,
        () => undefined,
      );
    },
    async first() {
      if (first === undefined) throw new Error("the watch was not started");
      const chosen = await first;
      schedule();
      return chosen;
    },
    onProvider(adopt) {
      users.push(adopt);
      if (choice.provider !== undefined) adopt(choice.provider);
    },
    idle: () => looking,
    async [Symbol.asyncDispose]() {
      isStopped = true;
      timer?.cancel();
      await looking;
      for (const provider of [...replaced, choice.provider]) await provider?.[Symbol.asyncDispose]();
    },
  };
};
