/** The user's settings in this page: kept in this browser for the next visit's first moment, and per user on the server. */
import { type PageSettings, readPageSettings, type SettingName } from "@atelier/contracts";
import { createStore, type StoreApi } from "zustand/vanilla";

export type SettingsDocument = Readonly<Record<string, unknown>>;

export type SettingsState = {
  /** As the server has it, with what was changed here: also what only a newer page knows. */
  readonly document: SettingsDocument;
  readonly values: PageSettings;
  /** Names of settings that were changed here and that the server does not have yet. */
  readonly unsent: readonly SettingName[];
};
export type SettingsStore = StoreApi<SettingsState>;

/** Text that survives the page; `storedSettings` in production is this browser's storage. */
export type SettingsStorage = { readonly read: () => string | null; readonly write: (text: string) => void };

const stateOf = (document: SettingsDocument, unsent: readonly SettingName[]): SettingsState => ({
  document,
  values: readPageSettings(document),
  unsent,
});

const isDocument = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What another page of this browser, or an earlier one, has written; empty when that is damaged. */
const parse = (text: string | null): SettingsState => {
  try {
    const kept: unknown = JSON.parse(text ?? "{}");
    const { document, unsent } = isDocument(kept) ? kept : {};
    const own = isDocument(document) ? document : {};
    const names = Array.isArray(unsent)
      ? (unsent as unknown[]).filter(
          (name): name is SettingName => typeof name === "string" && Object.hasOwn(own, name),
        )
      : [];
    return stateOf(own, names);
  } catch {
    return stateOf({}, []);
  }
};

const serialize = ({ document, unsent }: SettingsState): string => JSON.stringify({ document, unsent });

/** @param before settings of the time when there was no document, such as the theme */
export const createSettingsStore = (storage: SettingsStorage, before: SettingsDocument = {}): SettingsStore => {
  const kept = parse(storage.read());
  const store = createStore<SettingsState>(() => stateOf({ ...before, ...kept.document }, kept.unsent));
  store.subscribe((state) => storage.write(serialize(state)));
  return store;
};

/** Changes one setting; it is in effect at once. */
export const changeSetting = <N extends SettingName>(store: SettingsStore, name: N, value: PageSettings[N]): void =>
  store.setState(({ document, unsent }) => stateOf({ ...document, [name]: value }, [...new Set([...unsent, name])]));

/** Every setting as it was at first. */
export const resetSettings = (store: SettingsStore): void =>
  store.setState(({ document }) => {
    const names = Object.keys(document).filter((name): name is SettingName =>
      Object.hasOwn(readPageSettings({}), name),
    );
    const first = readPageSettings({});
    return stateOf({ ...document, ...Object.fromEntries(names.map((name) => [name, first[name]])) }, names);
  });

/** The server's document, with what was changed here and is not there yet. */
export const takeServerSettings = (store: SettingsStore, server: SettingsDocument): void =>
  store.setState(({ document, unsent }) =>
    stateOf({ ...server, ...Object.fromEntries(unsent.map((name) => [name, document[name]])) }, unsent),
  );

/** The server has this document now: what was changed since is still to be sent. */
export const confirmSent = (store: SettingsStore, sent: SettingsDocument): void =>
  store.setState(({ document, unsent }) =>
    stateOf(
      document,
      unsent.filter((name) => document[name] !== sent[name]),
    ),
  );

/** Another page of this browser has written: its state is this one's too. */
export const takeFromOtherPage = (store: SettingsStore, text: string | null): void => {
  const other = parse(text);
  if (serialize(other) !== serialize(store.getState())) store.setState(other);
};
