/** The interface of modules to other nodes. */
import type { Clock } from "#kernel/clock";
import type { Log } from "#kernel/log";
import { createNodeCalls, type NodeCalls } from "./calls.ts";
import type { Links } from "./ports.ts";
import { createRelay, type Relay } from "./relay.ts";

export type Nodes = {
  readonly relay: Relay;
  readonly calls: NodeCalls;
};

export const createNodes = (needs: { readonly links: Links; readonly clock: Clock; readonly log: Log }): Nodes => ({
  relay: createRelay(needs),
  calls: createNodeCalls(needs.links, needs.clock),
});
