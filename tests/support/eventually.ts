/** Waits for something that other processes bring about; the last error tells what was still wrong. */
import { setTimeout as delay } from "node:timers/promises";

/** Tries until it does not throw, every 50 ms. @throws the last error after timeoutMs. */
export const eventually = async <T>(attempt: () => T | Promise<T>, timeoutMs = 30_000): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(50);
    }
  }
};
