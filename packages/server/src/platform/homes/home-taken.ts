/** The error of a claim that is refused. */
import type { Whereabouts } from "./ports.ts";

/** The home is claimed already. `where` is "here" when this node itself has had it for longer than the caller's `waitMs`. */
export class HomeTaken extends Error {
  override readonly name = "HomeTaken";
  readonly where: Whereabouts;
  constructor(home: string, where: Whereabouts) {
    super(`${home} has its home ${where.at === "node" ? `on node ${where.node.id}` : "here"}`);
    this.where = where;
  }
}
