/** Links between nodes: requests, and relayed channels. */
export { askAll } from "./ask-all.ts";
export type { NodeCalls } from "./calls.ts";
export { linkKey } from "./link-key.ts";
export { createLinkBudget, createNodeLinks, type NodeLinks } from "./node-links.ts";
export { pipe } from "./pipe.ts";
export { type LinkOpening, type Links, noLinks } from "./ports.ts";
export { createNodes, type Nodes } from "./nodes.ts";
export { type Relay, servingRelays } from "./relay.ts";
