/** The bus of a single process. */
import type { Log } from "#kernel/log";
import type { Bus, BusMessages, BusTopic } from "../ports.ts";

type Listener = (message: never) => void;

export const createInProcessBus = (log: Log): Bus => {
  const listeners = new Map<BusTopic, Set<Listener>>();
  const waiting: Array<() => void> = [];
  let delivering = false;

  const deliver = <T extends BusTopic>(topic: T, message: BusMessages[T]): void => {
    for (const listener of listeners.get(topic) ?? []) {
      try {
        (listener as (message: BusMessages[T]) => void)(message);
      } catch (error) {
        log.error("bus.listener-failed", { topic, error });
      }
    }
  };

  return {
    publish(topic, message) {
      // Queued, so that all listeners get this message before those that a listener publishes.
      waiting.push(() => deliver(topic, message));
      if (delivering) return;
      delivering = true;
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next();
      delivering = false;
    },
    subscribe(topic, listener) {
      const known = listeners.get(topic) ?? new Set();
      listeners.set(topic, known);
      // Wrapped, so that a function can be subscribed twice, and each subscription ends by itself.
      const own = (message: never): void => listener(message);
      known.add(own);
      return () => void known.delete(own);
    },
  };
};
