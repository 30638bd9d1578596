/** Binds the live-document socket to the edge. */
import { sockets } from "@atelier/contracts";
import type { Edge } from "#platform/http";
import type { Collaboration } from "./collaboration.ts";

/** Above the largest update, so that this module can say 4413 instead of the protocol's bare 1009. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;

export const registerCollaborationSocket = (
  edge: Pick<Edge, "socket">,
  collaboration: Pick<Collaboration, "connect">,
): void => {
  edge.socket(sockets.collaborate, { maxFrameBytes: MAX_FRAME_BYTES }, (call) => collaboration.connect(call));
};
