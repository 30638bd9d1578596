/** Index of the open connections of live documents by project, by member and by sign-in. */
import { SetIndex } from "#kernel/set-index";
import type { Connection } from "./connection.ts";

const memberKey = (projectId: string, userId: string): string => `${projectId}/${userId}`;

export class ConnectionIndex implements Iterable<Connection> {
  readonly #all = new Set<Connection>();
  readonly #byProject = new SetIndex<string, Connection>();
  readonly #byMember = new SetIndex<string, Connection>();
  readonly #bySignIn = new SetIndex<string, Connection>();

  add(connection: Connection): void {
    const { projectId } = connection.document.owner.ref;
    this.#all.add(connection);
    this.#byProject.add(projectId, connection);
    this.#byMember.add(memberKey(projectId, connection.userId), connection);
    this.#bySignIn.add(connection.actor.signInId, connection);
  }

  delete(connection: Connection): void {
    const { projectId } = connection.document.owner.ref;
    this.#all.delete(connection);
    this.#byProject.delete(projectId, connection);
    this.#byMember.delete(memberKey(projectId, connection.userId), connection);
    this.#bySignIn.delete(connection.actor.signInId, connection);
  }

  /** Connections of a project; with `userId` only those of that user. */
  of(projectId: string, userId?: string): ReadonlySet<Connection> {
    return userId === undefined ? this.#byProject.get(projectId) : this.#byMember.get(memberKey(projectId, userId));
  }

  ofSignIn(signInId: string): ReadonlySet<Connection> {
    return this.#bySignIn.get(signInId);
  }

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#all.values();
  }
}
