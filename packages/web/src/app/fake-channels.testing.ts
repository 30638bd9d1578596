/** For tests: channels of a project's socket that the test controls. */
import type { ChannelOpening } from "@atelier/contracts";
import type { PageFrame } from "./channel-carrier.ts";
import type { ChannelEvents, OpenChannel } from "./project-socket.ts";

export class FakeChannel {
  /** What each opening asked for. */
  readonly openings: ChannelOpening[] = [];
  readonly sent: PageFrame[] = [];
  isOpen = false;
  /** The owner closed it, or stays away after a close. */
  isLeft = false;
  readonly #opening: () => ChannelOpening;
  readonly #events: ChannelEvents;

  constructor(opening: () => ChannelOpening, events: ChannelEvents) {
    this.#opening = opening;
    this.#events = events;
  }

  open(): void {
    if (this.isLeft) throw new Error("nobody wants this channel any more");
    this.openings.push(this.#opening());
    this.isOpen = true;
    this.#events.onOpen();
  }

  say(frame: PageFrame): void {
    this.#events.onFrame(frame);
  }

  end(code: number): void {
    this.isOpen = false;
    if (this.#events.onClose(code) === "stop") this.isLeft = true;
  }
}

/** Makes one channel. */
export const fakeChannels = () => {
  const channels: FakeChannel[] = [];
  const openChannel: OpenChannel = (_projectId, opening, events) => {
    const channel = new FakeChannel(opening, events);
    channels.push(channel);
    return {
      send(frame) {
        if (channel.isOpen) channel.sent.push(frame);
        return channel.isOpen;
      },
      hurry: () => undefined,
      restart: () => undefined,
      settled: () => undefined,
      close() {
        channel.isOpen = false;
        channel.isLeft = true;
      },
      get isOpen() {
        return channel.isOpen;
      },
    };
  };
  return {
    openChannel,
    get channel(): FakeChannel {
      const [channel] = channels;
      if (channel === undefined) throw new Error("no channel was opened");
      return channel;
    },
  };
};
