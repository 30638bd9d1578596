/** For tests: nodes in one process whose links are channels in memory, which can be cut. */
import { systemClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { createMemoryChannels } from "../channels/adapters/memory-channel.ts";
import type { Channel } from "#platform/channels";
import { createNodeLinks, type NodeLinks } from "./node-links.ts";

export const createTestLinks = () => {
  const nodes = new Map<string, NodeLinks>();
  const carriers: Channel[] = [];
  let isCut = false;
  return {
    /** A node with this address. */
    add(address: string): NodeLinks {
      const links = createNodeLinks({
        async dial(to) {
          const node = nodes.get(to);
          if (node === undefined || isCut) throw new Error("nobody listens there");
          const [near, far] = createMemoryChannels();
          carriers.push(near);
          node.accept(far);
          return near;
        },
        clock: systemClock,
        log: silentLog,
      });
      nodes.set(address, links);
      return links;
    },
    /** Ends all links and refuses new ones. */
    cut(): void {
      isCut = true;
      for (const carrier of carriers.splice(0)) carrier.close(1006, "cut");
    },
    mend: () => void (isCut = false),
  };
};
