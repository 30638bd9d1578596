/** Retries loading a part of the page: at growing intervals, and as soon as the network is back. */

const RETRY_MS = [500, 2_000, 8_000];
const SLOW_RETRY_MS = 15_000;

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener("online", end);
  });

/** The build's loader requests each stylesheet only once, so failed ones are requested again here. */
const loadStyles = async (failed: Set<HTMLLinkElement>): Promise<void> => {
  for (const before of failed) {
    const link = before.cloneNode() as HTMLLinkElement;
    before.replaceWith(link);
    failed.delete(before);
    await new Promise((resolve, reject) => {
      link.addEventListener("load", resolve);
      link.addEventListener("error", reject);
    });
  }
};

/**
 * Resolves with the result of `load`, however long that takes. A browser may cache a failed import for the life of the page, so the user
 * should be offered a reload. `onFailure` is called for each failure, counted from 1.
 */
export async function loadAgain<T>(
  load: () => Promise<T>,
  onFailure: (error: unknown, tries: number) => void,
): Promise<T> {
  const failed = new Set<HTMLLinkElement>();
  const onError = ({ target }: Event) => {
    if (target instanceof HTMLLinkElement) failed.add(target);
  };
  addEventListener("error", onError, true);
  for (let tries = 0; ; tries += 1) {
    try {
      await loadStyles(failed);
      const loaded = await load();
      removeEventListener("error", onError, true);
      return loaded;
    } catch (error) {
      onFailure(error, tries + 1);
      await pause(RETRY_MS[tries] ?? SLOW_RETRY_MS);
    }
  }
}
