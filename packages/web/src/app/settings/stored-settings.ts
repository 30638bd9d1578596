/** The settings in this browser's storage. */
import { readStored, storedName, writeStored } from "../stored.ts";
import type { SettingsStorage } from "./settings-store.ts";

const NAME = "settings";

export const storedSettings: SettingsStorage = {
  read: () => readStored(NAME),
  write: (text) => writeStored(NAME, text),
};

/** Hears what another page of this browser has written. */
export const onSettingsOfOtherPages = (listener: (text: string | null) => void): void =>
  addEventListener("storage", ({ key, newValue }) => {
    if (key === storedName(NAME)) listener(newValue);
  });
