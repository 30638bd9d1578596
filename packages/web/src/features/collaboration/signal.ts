/** The smallest event: listeners that are called in order with one value. */

export interface Signal<T> {
  /** Calls the listener on every emit until the returned function is called. */
  readonly on: (listener: (value: T) => void) => () => void;
  readonly emit: (value: T) => void;
}

export function createSignal<T>(): Signal<T> {
  let listeners: readonly ((value: T) => void)[] = [];
  return {
    on: (listener) => {
      const own = (value: T) => listener(value);
      listeners = [...listeners, own];
      return () => {
        listeners = listeners.filter((other) => other !== own);
      };
    },
    emit: (value) => {
      for (const listener of listeners) listener(value);
    },
  };
}
