/** Why a home could not be claimed. */
import type { Whereabouts } from "./ports.ts";

/** Somebody else has the home. `where` is "here" when this node itself kept it for longer than the caller wanted to wait. */
export class HomeTaken extends Error {
  override readonly name = "HomeTaken";
  readonly where: Whereabouts;
  constructor(home: string, where: Whereabouts) {
    super(`${home} has its home ${where.at === "node" ? `on node ${where.node.id}` : "here"}`);
    this.where = where;
  }
}
