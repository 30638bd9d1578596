/** Exclusive ownership of names: one node at a time, with a fence. */
export { HomeTaken } from "./home-taken.ts";
export type { FenceSource, Home, Homes, HomesNode, Whereabouts } from "./ports.ts";
