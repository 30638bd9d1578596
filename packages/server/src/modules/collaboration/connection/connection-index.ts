/** Index of the open connections of live documents by project. */
import { SetIndex } from "#kernel/set-index";
import type { Connection } from "./connection.ts";

export class ConnectionIndex implements Iterable<Connection> {
  readonly #all = new Set<Connection>();
  readonly #byProject = new SetIndex<string, Connection>();

  add(connection: Connection): void {
    const { projectId } = connection.document.owner.ref;
    this.#all.add(connection);
    this.#byProject.add(projectId, connection);
  }

  delete(connection: Connection): void {
    const { projectId } = connection.document.owner.ref;
    this.#all.delete(connection);
    this.#byProject.delete(projectId, connection);
  }

  of(projectId: string): ReadonlySet<Connection> {
    return this.#byProject.get(projectId);
  }

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#all.values();
  }
}
