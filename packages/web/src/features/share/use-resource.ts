/** Loads a resource for a component: returns its value, the error, and a function that loads it again. */
import { useCallback, useEffect, useState } from "react";

export type Resource<T> = {
  readonly value: T | undefined;
  readonly error: unknown;
  readonly reload: () => void;
  /** Shows a value before the server has it. */
  readonly replace: (value: T) => void;
};

/** `load` must keep its identity between renders (useCallback); the answer of an abandoned load is dropped. */
export const useResource = <T>(load: () => Promise<T>): Resource<T> => {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<unknown>();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    load().then(
      (loaded) => {
        if (!isCurrent) return;
        setValue(() => loaded);
        setError(undefined);
      },
      (problem: unknown) => isCurrent && setError(problem),
    );
    return () => {
      isCurrent = false;
    };
  }, [load, turn]);
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  const replace = useCallback((next: T) => setValue(() => next), []);
  return { value, error, reload, replace };
};
