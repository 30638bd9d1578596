/** The bus port: at-most-once hints between modules (and later nodes); order holds per topic and publisher. */
import type { ProjectEvent } from "@atelier/contracts";

/** Topics and what travels on them. Nothing acknowledged lives only here. */
export type BusMessages = {
  /** A project changed in a way its open pages want to see. */
  "project-event": { readonly projectId: string; readonly event: ProjectEvent };
  /** Somebody's rights in a project changed: sockets re-check. `userId` absent: everybody's. */
  "rights-changed": { readonly projectId: string; readonly userId?: string };
  /** A sign-in ended (logout, revocation): its sockets close. */
  "sign-in-ended": { readonly signInId: string };
  /** Files are gone: their documents close. */
  "files-removed": { readonly projectId: string; readonly fileIds: readonly string[] };
  /** Published by an adapter that may have lost messages: whatever depends on them is checked again. */
  "messages-lost": Readonly<Record<string, never>>;
};
export type BusTopic = keyof BusMessages;

export interface Bus {
  publish<T extends BusTopic>(topic: T, message: BusMessages[T]): void;
  /** Returns the way to stop listening. A listener that throws is logged and stays. */
  subscribe<T extends BusTopic>(topic: T, listener: (message: BusMessages[T]) => void): () => void;
}
