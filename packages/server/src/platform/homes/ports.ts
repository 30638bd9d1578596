/**
 * The homes port. A *home* is the exclusive right of a node to work on a named thing: a document, an execution, the event numbers
 * of a project. A *node* is one server process.
 */

/** A claimed home. */
export type Home = {
  readonly name: string;
  /** Grows with every claim of this name, also across restarts and nodes. Storage refuses writes with it after it has seen a newer one. */
  readonly fence: bigint;
  /** Aborted when the home was released, or lost. A loss aborts it before another node can claim the home. */
  readonly lost: AbortSignal;
  /** Gives the home up; a second call does nothing. Never rejects: a failed release is repeated. */
  release(): Promise<void>;
};

export type HomesNode = {
  readonly id: string;
  /** The address at which other nodes reach it; null: it announced none. */
  readonly address: string | null;
};

/** A home that was lost, or whose node is dead, is found at `nobody`. */
export type Whereabouts =
  | { readonly at: "here" }
  | { readonly at: "node"; readonly node: HomesNode }
  | { readonly at: "nobody" };

export interface Homes {
  /** False: no other node can claim a home, so this process's cached facts about a name stay valid. */
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

/** A source of fences: each one is greater than all earlier ones, also across restarts and crashes. */
export interface FenceSource {
  next(): Promise<bigint>;
}
