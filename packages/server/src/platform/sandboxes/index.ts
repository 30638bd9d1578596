/** Sandboxes for programs that are not trusted: a provider boots them, and the adapters are chosen in main. */
export type { Measurement, Meter } from "./limits/meter.ts";
export { MemoryInUse } from "./limits/meter.ts";
export { baseEnvironment } from "./machine/base-environment.ts";
export { bootFrames, encodeData, encodeFrame, failureOf, type Frame, FrameFault } from "./machine/frames.ts";
export type * from "./ports.ts";
export { SandboxUnavailable } from "./sandbox-unavailable.ts";
