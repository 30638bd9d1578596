/** An index with several values per key: finds the values that a message concerns without visiting all of them. */

const NONE: ReadonlySet<never> = new Set();

export class SetIndex<K, V> {
  readonly #sets = new Map<K, Set<V>>();

  add(key: K, value: V): void {
    const values = this.#sets.get(key);
    if (values === undefined) this.#sets.set(key, new Set([value]));
    else values.add(value);
  }

  /** Removes the value, and a key without values. */
  delete(key: K, value: V): void {
    const values = this.#sets.get(key);
    if (values?.delete(value) === true && values.size === 0) this.#sets.delete(key);
  }

  /** The values of a key; empty when there are none. */
  get(key: K): ReadonlySet<V> {
    return this.#sets.get(key) ?? NONE;
  }

  /** Keys that have values. */
  get size(): number {
    return this.#sets.size;
  }
}
