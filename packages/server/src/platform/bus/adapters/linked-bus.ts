/**
 * The bus of several nodes: a message is delivered on the node that publishes it, and sent to all others. Messages to a node that can't be
 * reached are lost; when it can be reached again it is notified of the gap.
 */
import type { Clock, Timer } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import { type Channel, type ChannelTraits, frameCost } from "#platform/channels";
import type { Homes } from "#platform/homes";
import type { Links } from "#platform/links";
import { CLOSE } from "@atelier/contracts";
import type { Bus, BusMessages, BusTopic } from "../ports.ts";

const KIND = "bus";
const TRAITS: ChannelTraits = { priority: 1, maxFrameBytes: 16 * 1024 * 1024 };
/** How often the list of nodes is read, to find nodes that have not connected. */
const LOOK_EVERY_MS = 5_000;
const RETRY_MS = 500;
const NEVER = -1;
/** A node for which more than this is queued is disconnected, and misses messages. */
const MOST_UNSENT_BYTES = 16 * 1024 * 1024;

export type LinkedBusNeeds = {
  /** Delivers on this node. */
  readonly local: Bus;
  readonly links: Links;
  readonly homes: Pick<Homes, "nodes">;
  /** The address of this node. */
  readonly address: string;
  readonly clock: Clock;
  readonly log: Log;
};

type Message = { [T in BusTopic]: { readonly topic: T; readonly message: BusMessages[T] } }[BusTopic];

/** What a node sends when it opens its channel to another one. */
type Hello = {
  readonly from: string;
  /** The opener has published messages that the other node did not get. */
  readonly missed: boolean;
};

export type LinkedBus = Bus &
  Component & {
    /** Number of other nodes that get messages of this one. */
    readonly peers: number;
  };

/** `start` connects to the nodes that are running. */
export const createLinkedBus = (needs: LinkedBusNeeds): LinkedBus => {
  const { local, links, homes, address: own, clock, log } = needs;
  const channels = new Map<string, Channel>();
  const connecting = new Map<string, Promise<void>>();
  let published = 0;
  /** By address: the value of `published` until which the node misses nothing; NEVER after a channel to it broke. */
  const heardUntil = new Map<string, number>();
  let isStopped = false;
  let timer: Timer | undefined;
  let looking: Promise<void> = Promise.resolve();

  const hear = (channel: Channel, { missed }: Hello): void => {
    channel.onFrame((frame) => {
      const { topic, message } = JSON.parse(String(frame)) as Message;
      local.publish(topic, message);
      channel.credit(frameCost(frame));
    });
    if (missed) local.publish("messages-lost", {});
  };
  links.serve(KIND, (body) => ({
    traits: TRAITS,
    serve(channel) {
      const hello = body as Hello;
      hear(channel, hello);
      // Connect back: this node's messages go over a channel that this node opens.
      void connect(hello.from);
    },
  }));

  const openTo = async (address: string): Promise<void> => {
    try {
      const hello: Hello = { from: own, missed: published > (heardUntil.get(address) ?? NEVER) };
      const channel = await links.open(address, { kind: KIND, body: hello }, TRAITS);
      if (isStopped) return channel.close(CLOSE.moving, "stopping");
      channels.set(address, channel);
      void channel.closed.then(() => {
        heardUntil.set(address, NEVER);
        channels.delete(address);
        lookLater(RETRY_MS);
      });
    } catch (error) {
      log.debug("bus.node-unreachable", { address, error });
    }
  };
  const connect = (address: string): Promise<void> => {
    if (isStopped || address === own || channels.has(address)) return Promise.resolve();
    if (!heardUntil.has(address)) heardUntil.set(address, published);
    const known = connecting.get(address);
    if (known !== undefined) return known;
    const opened = openTo(address).finally(() => connecting.delete(address));
    connecting.set(address, opened);
    return opened;
  };

  const look = async (): Promise<void> => {
    try {
      const nodes = await homes.nodes();
      await Promise.all(nodes.map(({ address }) => connect(address ?? own)));
    } catch (error) {
      log.debug("bus.nodes-unknown", { error });
    }
  };
  const lookLater = (afterMs: number): void => {
    timer?.cancel();
    if (isStopped) return;
    timer = clock.after(afterMs, () => {
      looking = look().then(() => lookLater(LOOK_EVERY_MS));
    });
  };
  return {
    name: "bus between servers",
    get peers() {
      return channels.size;
    },
    publish(topic, message) {
      local.publish(topic, message);
      if (topic === "messages-lost") return;
      published += 1;
      const text = JSON.stringify({ topic, message });
      for (const channel of channels.values())
        if (channel.unsentBytes > MOST_UNSENT_BYTES) channel.close(CLOSE.overloaded, "reads too slowly");
        else channel.send(text);
    },
    subscribe: (topic, listener) => local.subscribe(topic, listener),
    async start() {
      await look();
      lookLater(LOOK_EVERY_MS);
    },
    async [Symbol.asyncDispose]() {
      isStopped = true;
      timer?.cancel();
      for (const channel of channels.values()) channel.close(CLOSE.moving, "stopping");
      await looking;
      await Promise.all(connecting.values());
    },
  };
};
