/** Light, dark or as the system says; kept in this browser. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { readStored, writeStored } from "./stored.ts";

export type ThemeChoice = "system" | "light" | "dark";
export type ThemeState = { readonly choice: ThemeChoice; readonly shown: "light" | "dark" };
export type ThemeStore = StoreApi<ThemeState>;

const NAME = "theme";
const darkSystem = matchMedia("(prefers-color-scheme: dark)");

const stateFor = (choice: ThemeChoice): ThemeState => {
  const shown = choice === "system" ? (darkSystem.matches ? "dark" : "light") : choice;
  return { choice, shown };
};

const choiceFrom = (stored: string | null): ThemeChoice =>
  stored === "light" || stored === "dark" ? stored : "system";

/** Applies the theme to the page at once and keeps it applied. */
export const createThemeStore = (): ThemeStore => {
  const store = createStore<ThemeState>(() => stateFor(choiceFrom(readStored(NAME))));
  const apply = ({ choice }: ThemeState): void => {
    if (choice === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = choice;
  };
  apply(store.getState());
  store.subscribe(apply);
  darkSystem.addEventListener("change", () => store.setState(stateFor(store.getState().choice)));
  return store;
};

export const chooseTheme = (store: ThemeStore, choice: ThemeChoice): void => {
  writeStored(NAME, choice === "system" ? null : choice);
  store.setState(stateFor(choice));
};
