/** Links over connections: one to each node to which this one opens channels, connected on demand. */
import type { Clock } from "#kernel/clock";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import {
  type Acceptance,
  type Channel,
  type ChannelTraits,
  createMultiplexer,
  type Multiplexer,
  type Reserve,
} from "#platform/channels";
import { CLOSE } from "@atelier/contracts";
import type { LinkOpening, Links } from "./ports.ts";

/** A node with ten thousand pages may carry several channels for each of them. */
const MAX_CHANNELS = 100_000;
const BUDGET_BYTES = 256 * 1024 * 1024;

export type NodeLinksNeeds = {
  /** Connects to a node. @throws when it can't be reached */
  readonly dial: (address: string) => Promise<Channel>;
  readonly clock: Clock;
  readonly log: Log;
};

export type NodeLinks = Links & {
  /** Serves a connection that another node has made. */
  accept(carrier: Channel): void;
};

/** Memory for queued frames of links. The node with a sender's socket counts the sender's own budget. */
export const createLinkBudget = (mostBytes = BUDGET_BYTES): Reserve => {
  let reservedBytes = 0;
  return (bytes) => {
    if (reservedBytes + bytes > mostBytes) return undefined;
    reservedBytes += bytes;
    return () => void (reservedBytes -= bytes);
  };
};

const parseOpening = (text: string): LinkOpening | undefined => {
  try {
    const parsed = JSON.parse(text) as LinkOpening;
    return typeof parsed.kind === "string" ? parsed : undefined;
  } catch {
    return undefined;
  }
};

export const createNodeLinks = ({ dial, clock, log }: NodeLinksNeeds): NodeLinks => {
  const links = new Map<string, Promise<Multiplexer>>();
  const served = new Map<string, (body: unknown) => Acceptance>();
  const reserve = createLinkBudget();

  const connect = async (address: string, ended: () => void): Promise<Multiplexer> => {
    const carrier = await dial(address);
    void carrier.closed.then(({ code, reason }) => {
      log.info("link.ended", { address, code, reason });
      ended();
    });
    return createMultiplexer({ carrier, clock, reserve, maxChannels: MAX_CHANNELS });
  };
  const reach = (address: string): Promise<Multiplexer> => {
    const known = links.get(address);
    if (known !== undefined) return known;
    const ended = (): void => {
      if (links.get(address) === link) links.delete(address);
    };
    const link = connect(address, ended).catch((error: unknown) => {
      ended();
      log.warn("link.unreachable", { address, reason: error instanceof Error ? error.message : "unknown" });
      throw new Problem("server/unavailable", "Another server can't be reached.", { retryAfterSeconds: 1 });
    });
    links.set(address, link);
    return link;
  };

  return {
    async open(address: string, opening: LinkOpening, traits: ChannelTraits) {
      return (await reach(address)).open(JSON.stringify(opening), traits);
    },
    serve(kind, accept) {
      if (served.has(kind)) throw new Error(`channels of kind ${kind} are served already`);
      served.set(kind, accept);
    },
    accept(carrier) {
      createMultiplexer({
        carrier,
        clock,
        reserve,
        maxChannels: MAX_CHANNELS,
        accept(text) {
          const opening = parseOpening(text);
          const accept = opening === undefined ? undefined : served.get(opening.kind);
          if (opening === undefined || accept === undefined)
            return { refuse: { code: CLOSE.notFound, reason: "not served here" } };
          return accept(opening.body);
        },
      });
    },
  };
};
