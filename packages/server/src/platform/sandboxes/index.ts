/** Sandboxes for programs that are not trusted: a provider boots them, and the adapters are chosen in main. */
export type * from "./ports.ts";
