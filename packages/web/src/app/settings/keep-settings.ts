/** Brings the user's settings from the server after the sign-in, and changed ones to it. */
import type { SessionState } from "../session.ts";
import { confirmSent, type SettingsDocument, type SettingsStore, takeServerSettings } from "./settings-store.ts";

/** A slider sends many values. */
const QUIET_MS = 600;

type Subscribable<T> = { getState(): T; subscribe(listener: (state: T) => void): () => void };

export type KeepSettingsDependencies = {
  readonly settings: SettingsStore;
  readonly session: Subscribable<SessionState>;
  readonly read: () => Promise<SettingsDocument>;
  readonly write: (document: SettingsDocument) => Promise<unknown>;
  readonly onFault: (error: unknown) => void;
};

/** Returns what stops it; `flush` sends at once what still waits. */
export const keepSettings = ({ settings, session, read, write, onFault }: KeepSettingsDependencies) => {
  let userId: string | undefined;
  /** Whose settings were read: before that nothing is sent, or it would overwrite what is there. */
  let readFor: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const send = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const { document, unsent } = settings.getState();
    if (readFor === undefined || unsent.length === 0) return;
    try {
      await write(document);
      confirmSent(settings, document);
    } catch (error) {
      // Sent with the next change, or after the next sign-in.
      onFault(error);
    }
  };
  const begin = async (id: string): Promise<void> => {
    try {
      const document = await read();
      if (userId !== id) return;
      readFor = id;
      takeServerSettings(settings, document);
      await send();
    } catch (error) {
      onFault(error);
    }
  };
  const look = (state: SessionState): void => {
    const id = state.kind === "signed-in" ? state.user.id : undefined;
    if (id === userId) return;
    userId = id;
    readFor = undefined;
    if (id !== undefined) void begin(id);
  };
  const stops = [
    session.subscribe(look),
    settings.subscribe(({ unsent }, before) => {
      if (unsent.length === 0 || unsent === before.unsent || readFor === undefined) return;
      clearTimeout(timer);
      timer = setTimeout(() => void send(), QUIET_MS);
    }),
  ];
  look(session.getState());
  return {
    flush: (): void => void (timer !== undefined && send()),
    stop: (): void => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    },
  };
};
