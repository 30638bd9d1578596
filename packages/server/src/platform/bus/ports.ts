/** The bus port: at-most-once messages between modules and nodes, in order per topic and publisher. */
import type { ProjectEvent } from "@atelier/contracts";

/** Topics and their messages. A message may be lost, so data of which it is the only copy must not be acknowledged. */
export type BusMessages = {
  /** An event for the open pages of a project. */
  "project-event": { readonly projectId: string; readonly event: ProjectEvent };
  /** The rights of a user in a project changed: sockets check them again. `userId` absent: of all users. */
  "rights-changed": { readonly projectId: string; readonly userId?: string };
  /** A sign-in ended (logout, revocation): its sockets close. */
  "sign-in-ended": { readonly signInId: string };
  /** Files were removed: their documents close. */
  "files-removed": { readonly projectId: string; readonly fileIds: readonly string[] };
  /** Published by an adapter that may have lost messages: listeners check again what depends on them. */
  "messages-lost": Readonly<Record<string, never>>;
};
export type BusTopic = keyof BusMessages;

export interface Bus {
  publish<T extends BusTopic>(topic: T, message: BusMessages[T]): void;
  /** @returns a function that ends the subscription. The error of a listener is logged, and it stays subscribed. */
  subscribe<T extends BusTopic>(topic: T, listener: (message: BusMessages[T]) => void): () => void;
}
