/** One project's listeners: numbered events, a bounded buffer for listeners that reconnect, and presence. */
import type { Presence, ProjectEvent, ProjectEventFrame } from "@atelier/contracts";
import type { Clock, Timer } from "#kernel/clock";

const REMEMBERED = 1_000;
const REMEMBERED_BYTES = 4 * 1024 * 1024;
const PRESENCE_EVERY_MS = 100;
/** Limit on the people listed as present; the earliest connections are shown. */
const MOST_SHOWN = 200;

export type Listener = {
  presence: Presence;
  send(frame: string): void;
};

export type EventChannel = {
  /** Sends hello and the events after `since`, then all later events. */
  join(listener: Listener, since: number | undefined): void;
  leave(listener: Listener): void;
  publish(event: ProjectEvent): void;
  /** Called when events may have been lost: no listener can resume, and each one gets another hello. */
  missed(): void;
  /** Sends an event to one listener, with the last sequence number, because numbers are common to all listeners. */
  tell(listener: Listener, event: ProjectEvent): void;
  /** Called after a listener's presence has changed. */
  presenceChanged(): void;
  readonly listeners: ReadonlySet<Listener>;
};

/** @param first its first number, above all numbers of earlier channels of the project */
export const createEventChannel = (clock: Clock, first: number): EventChannel => {
  const listeners = new Set<Listener>();
  const memory: Array<{ readonly sequence: number; readonly text: string }> = [];
  let memoryBytes = 0;
  let sequence = first;
  let announcing: Timer | undefined;

  const frame = (event: ProjectEvent): string => JSON.stringify({ sequence, event } satisfies ProjectEventFrame);
  const presence = (): Presence[] => [...listeners].slice(0, MOST_SHOWN).map((listener) => listener.presence);
  const everybody = (text: string): void => {
    for (const listener of listeners) listener.send(text);
  };

  const remember = (text: string): void => {
    memory.push({ sequence, text });
    memoryBytes += text.length;
    while (memory.length > REMEMBERED || memoryBytes > REMEMBERED_BYTES)
      memoryBytes -= memory.shift()?.text.length ?? 0;
  };

  /** The events after `since`; undefined when they are no longer in the buffer. */
  const missed = (since: number | undefined): string[] | undefined => {
    if (since === undefined || since > sequence) return undefined;
    const oldestKnown = memory[0]?.sequence ?? sequence + 1;
    if (since < oldestKnown - 1) return undefined;
    return memory.filter((entry) => entry.sequence > since).map((entry) => entry.text);
  };

  const presenceChanged = (): void => {
    announcing ??= clock.after(PRESENCE_EVERY_MS, () => {
      announcing = undefined;
      everybody(frame({ type: "presence", presence: presence() }));
    });
  };

  const greet = (listener: Listener, resumed: boolean): void => {
    const { connectionId, role } = listener.presence;
    listener.send(frame({ type: "hello", connectionId, resumed, role, presence: presence() }));
  };

  return {
    listeners,
    presenceChanged,
    join(listener, since) {
      const replay = missed(since);
      listeners.add(listener);
      greet(listener, replay !== undefined);
      for (const text of replay ?? []) listener.send(text);
      if (listeners.size > 1) presenceChanged();
    },
    leave(listener) {
      if (listeners.delete(listener)) presenceChanged();
    },
    publish(event) {
      sequence++;
      const text = frame(event);
      remember(text);
      everybody(text);
    },
    missed() {
      sequence++;
      memory.length = 0;
      memoryBytes = 0;
      for (const listener of listeners) greet(listener, false);
    },
    tell(listener, event) {
      listener.send(frame(event));
    },
  };
};
