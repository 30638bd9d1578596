/** Small preferences that stay in this browser; without storage they last as long as the page. */

import { logFault } from "./page-log.ts";

const PREFIX = "atelier.";

/** The key of a preference in the browser's storage. */
export const storedName = (name: string): string => PREFIX + name;

/** Browsers may refuse storage altogether. */
export const storageOrNull = (): Storage | null => {
  try {
    return globalThis.localStorage;
  } catch {
    return null;
  }
};

export const readStored = (name: string): string | null => storageOrNull()?.getItem(PREFIX + name) ?? null;

/** Null forgets the preference. A full storage keeps the old one: a preference is not worth an error. */
export const writeStored = (name: string, value: string | null): void => {
  const storage = storageOrNull();
  try {
    if (value === null) storage?.removeItem(PREFIX + name);
    else storage?.setItem(PREFIX + name, value);
  } catch (error) {
    logFault("preference-not-kept", { name, error });
  }
};
