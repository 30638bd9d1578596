/** The editor's public face: small, so it may be part of the entry chunk; Monaco is loaded behind it. */
export * from "./ports.ts";
