/** Binds the stream socket of executions to the edge. */
import type { Edge } from "#platform/http";
import { sockets } from "@atelier/contracts";
import type { ExecutionModule } from "./module.ts";

/** Typed input travels in frames of at most this size. */
const MAX_FRAME_BYTES = 1_048_576;

/** @throws Error when the socket's path was bound before. */
export const registerExecutionSocket = (edge: Edge, execution: Pick<ExecutionModule, "openStream">): void => {
  edge.socket(sockets.executionStream, { maxFrameBytes: MAX_FRAME_BYTES }, (call) => execution.openStream(call));
};
