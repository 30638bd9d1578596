/** The formats of requests, responses and frames, for page and server: pure, no Node and no DOM. */
export * from "./boot.ts";
export * from "./channel-frames.ts";
export * from "./collaboration.ts";
export * from "./execution.ts";
export * from "./execution-stream.ts";
export * from "./file.ts";
export * from "./first-file.ts";
export * from "./import.ts";
export * from "./live-protocol.ts";
export * from "./page-settings.ts";
export * from "./path.ts";
export * from "./plain-text.ts";
export * from "./path-schema.ts";
export * from "./presence-colors.ts";
export * from "./preview.ts";
export * from "./problem.ts";
export * from "./project.ts";
export * from "./project-event.ts";
export * from "./run-configuration.ts";
export * from "./routes/index.ts";
export * from "./routes/route.ts";
export * from "./shapes.ts";
export * from "./user.ts";

/** Incremented when pages and servers of different versions are incompatible. */
export const PROTOCOL_VERSION = 1;
