/** Channels as modules see them. */
export { type Access, type AccessWatch, createAccessWatch, type Guest } from "./access.ts";
export { type ChannelTraits } from "./multiplexed-channel.ts";
export { type Acceptance, createMultiplexer, type Multiplexer } from "./multiplexer.ts";
export { createRightsRecheck, type RightsHolder, type RightsRecheck } from "./rights-recheck.ts";
export {
  type Channel,
  type Closing,
  type Frame,
  FRAME_COST_BYTES,
  frameBytes,
  frameCost,
  type Reserve,
  START_CREDIT_BYTES,
} from "./ports.ts";
