/** The smallest event: listeners that are called in order with one value. */

export interface Signal<T> {
  /** Calls the listener on every emit until the returned function is called. */
  on(listener: (value: T) => void): () => void;
  emit(value: T): void;
}

export function createSignal<T>(): Signal<T> {
  const listeners = new Set<(value: T) => void>();
  return {
    on: (listener) => {
      const own = (value: T) => listener(value);
      listeners.add(own);
      return () => listeners.delete(own);
    },
    emit: (value) => {
      for (const listener of [...listeners]) listener(value);
    },
  };
}
