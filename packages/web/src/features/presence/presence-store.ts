/** The other users in the project, and the followed one. */
import type { Presence, User } from "@atelier/contracts";
import { createStore, type StoreApi } from "zustand/vanilla";
import { personColor } from "./person-color.ts";

export type PresenceState = {
  readonly all: readonly Presence[];
  /** This page's own connection. */
  readonly connectionId: string | undefined;
  readonly isConnected: boolean;
  /** A user's id. */
  readonly following: string | undefined;
};
export type PresenceStore = StoreApi<PresenceState>;

export type Person = {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly fileId: string | null;
  readonly role: Presence["role"];
};

export const createPresenceStore = (): PresenceStore =>
  createStore(() => ({ all: [], connectionId: undefined, isConnected: false, following: undefined }));

/** The others, one each however many windows they have; a window that shows a file counts before one that does not. */
export const othersOf = (all: readonly Presence[], me: Pick<User, "id"> | undefined): Person[] => {
  const people = new Map<string, Person>();
  for (const { user, role, fileId } of all) {
    if (user.id === me?.id || people.get(user.id)?.fileId) continue;
    people.set(user.id, { id: user.id, name: user.name, color: user.color ?? personColor(user.id), fileId, role });
  }
  return [...people.values()].toSorted((a, b) => a.name.localeCompare(b.name));
};
