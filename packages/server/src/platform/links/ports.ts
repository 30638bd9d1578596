/** The links port: channels to and from the other nodes. A peer that opens one has proven the key that all nodes share. */
import type { Acceptance, Channel, ChannelTraits } from "#platform/channels";

/** The kind of a channel and its parameters: plain JSON, below 16 KiB together. */
export type LinkOpening = { readonly kind: string; readonly body: unknown };

export interface Links {
  /**
   * Opens a channel to the node with this address; one link carries all channels to a node.
   * @param address as the homes registry has it
   * @throws Problem `server/unavailable` when the node can't be reached
   */
  open(address: string, opening: LinkOpening, traits: ChannelTraits): Promise<Channel>;
  /**
   * Serves the channels of one kind that other nodes open.
   * @throws Error when the kind is served already
   */
  serve(kind: string, accept: (body: unknown) => Acceptance): void;
}

/** Links of a server that has no other nodes. */
export const noLinks: Links = {
  open: () => Promise.reject(new Error("this server has no other nodes")),
  serve: () => undefined,
};
