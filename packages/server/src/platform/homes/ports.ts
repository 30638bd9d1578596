/**
 * The homes port. A *home* is the right to be the only node that works on something with a name: a document, an execution, the event numbers
 * of a project. A *node* is one server process.
 */

/** A claimed home. */
export type Home = {
  readonly name: string;
  /** Grows with every claim of this name, also across restarts and nodes. Writes that carry it are refused once a newer one was seen. */
  readonly fence: bigint;
  /** Aborted when the home was released, or lost. A loss is told before another node can claim the home. */
  readonly lost: AbortSignal;
  /** Gives the home up; a second call does nothing. Never rejects: what could not be given up is given up later. */
  release(): Promise<void>;
};

export type HomesNode = {
  readonly id: string;
  /** Where other nodes reach it; null: it announced nothing. */
  readonly address: string | null;
};

/** A home that was lost, or whose node is dead, is with nobody. */
export type Whereabouts =
  | { readonly at: "here" }
  | { readonly at: "node"; readonly node: HomesNode }
  | { readonly at: "nobody" };

export interface Homes {
  /** False: no other node can have a home, so what this process remembers of a name stays true. */
  readonly areShared: boolean;
  /**
   * Claims a home. While this node has it, waits for its release in the order of the calls, at most `waitMs` (0). Never waits for
   * another node.
   * @throws HomeTaken; Problem `server/unavailable` while this node can't claim anything
   */
  claim(name: string, options?: { readonly waitMs?: number }): Promise<Home>;
  /** @throws Problem `server/unavailable` */
  find(name: string): Promise<Whereabouts>;
  /** The other living nodes. @throws Problem `server/unavailable` */
  nodes(): Promise<readonly HomesNode[]>;
}

/** Where fences come from: each one is greater than all before it, also across restarts and crashes. */
export interface FenceSource {
  next(): Promise<bigint>;
}
