/**
 * Authorizes a channel: frames wait while access is unknown, when the channel opens and after each change of rights, and of several look-ups
 * only the newest counts.
 */
import { CLOSE } from "@atelier/contracts";
import type { Log } from "#kernel/log";
import type { Pending } from "#kernel/pending";
import { SetIndex } from "#kernel/set-index";
import type { Bus } from "#platform/bus";
import type { Channel, Frame } from "./ports.ts";
import type { RightsRecheck } from "./rights-recheck.ts";

/** How a channel is served once its access is known. */
export type Serving<A> = {
  /**
   * Looks up the access again. undefined: none, the channel is closed with 4403. A rejection closes it with 1013.
   * @param change the same object for all channels that one change concerns, so that they can share a look-up
   */
  readonly look: (change: object) => Promise<A | undefined>;
  /** Called with the result of each later look-up, before the frames that waited for it. */
  readonly changed: (access: A) => void;
  /** Called for each frame while access is known; it gives the credit. */
  readonly frame: (frame: Frame) => void;
  /** Default: START_CREDIT_BYTES. */
  readonly windowBytes?: number;
  /** Closes the channel, if more has to happen synchronously. Default: the channel's own `close`. */
  readonly close?: Channel["close"];
};

export type Guest = {
  readonly channel: Channel;
  readonly userId: string;
  readonly signInId: string;
  /** undefined: not known yet, so changes in any project apply. */
  readonly projectId?: string;
};

export type AccessWatchOptions = {
  readonly bus: Pick<Bus, "subscribe">;
  /** Finds changes whose message was lost; absent: the bus alone, for tests. */
  readonly rechecks?: Pick<RightsRecheck, "watch">;
  readonly log: Log;
  /** Tracks pending look-ups. */
  readonly pending?: Pending;
};

const memberKey = (projectId: string, userId: string): string => `${projectId}/${userId}`;

/** The access of one channel. */
export class Access {
  readonly #guest: Guest;
  readonly #options: AccessWatchOptions;
  readonly #waiting: (() => void)[] = [];
  #changes = 0;
  /** Value of `#changes` when the first look-up began that was not outdated. */
  #answered = 0;
  #isKnown = false;
  /** Starts a look-up; set when the channel is served. */
  #lookAgain: ((change: object) => void) | undefined;
  #pass: (() => void) | undefined;
  #close: Channel["close"];

  constructor(guest: Guest, options: AccessWatchOptions) {
    this.#guest = guest;
    this.#options = options;
    this.#close = (code, reason) => guest.channel.close(code, reason);
  }

  /**
   * The first look-up; it is repeated when rights have changed meanwhile.
   * @param discard releases the resources of an outdated result
   * @returns undefined also when the channel was closed meanwhile
   */
  async first<A>(look: () => Promise<A | undefined>, discard?: (outdated: A) => void): Promise<A | undefined> {
    for (;;) {
      const asked = this.#changes;
      const answer = await look();
      this.#answered = asked;
      if (answer === undefined || (asked === this.#changes && this.#guest.channel.isOpen)) return answer;
      discard?.(answer);
      if (!this.#guest.channel.isOpen) return undefined;
    }
  }

  /** From now on frames are delivered; first those that have waited. */
  serve<A>(serving: Serving<A>): void {
    const { channel } = this.#guest;
    if (serving.close !== undefined) this.#close = serving.close;
    this.#pass = () => {
      this.#isKnown = true;
      for (const run of this.#waiting.splice(0)) run();
      if (this.#isKnown && channel.isOpen) channel.onFrame(serving.frame, serving.windowBytes);
    };
    this.#lookAgain = (change) => {
      const work = this.#look(serving, change);
      void (this.#options.pending?.track(work) ?? work);
    };
    if (this.#changes === this.#answered) this.#pass();
    else this.#lookAgain({});
  }

  /** Runs now, or as soon as access is known, before the frames that wait. Dropped when the channel closes. */
  whenKnown(run: () => void): void {
    if (this.#isKnown) run();
    else this.#waiting.push(run);
  }

  /** Resolves while access is known, or never when the channel is closed before. */
  async known(): Promise<void> {
    while (!this.#isKnown) await new Promise<void>((resolve) => this.whenKnown(resolve));
  }

  /** Rights may have changed. */
  changed(change: object): void {
    this.#changes += 1;
    this.#lookAgain?.(change);
  }

  signedOut(): void {
    this.#close(CLOSE.signedOut, "signed out");
  }

  async #look<A>({ look, changed }: Serving<A>, change: object): Promise<void> {
    const { channel } = this.#guest;
    const asked = this.#changes;
    const isOutdated = (): boolean => asked !== this.#changes || !channel.isOpen;
    this.#isKnown = false;
    channel.onFrame(undefined);
    try {
      const access = await look(change);
      if (isOutdated()) return;
      if (access === undefined) return this.#close(CLOSE.rightsTaken, "rights were taken away");
      changed(access);
    } catch (error) {
      if (isOutdated()) return;
      this.#options.log.warn("channel.rights-unknown", { error: error instanceof Error ? error.message : "unknown" });
      return this.#close(CLOSE.overloaded, "rights can't be checked right now");
    }
    if (!isOutdated()) this.#pass?.();
  }
}

export type AccessWatch = {
  /** Watches the rights of a channel from its opening until it is closed. */
  add(guest: Guest): {
    readonly access: Access;
    /** Sets the project of the channel, if `Guest` has none; null: no project. */
    readonly belongsTo: (projectId: string | null) => void;
  };
  stop(): void;
};

/** One subscription for all channels of a module. An index finds those that a change concerns, so no other is visited. */
export const createAccessWatch = (options: AccessWatchOptions): AccessWatch => {
  const opening = new Set<Access>();
  const byProject = new SetIndex<string, Access>();
  const byMember = new SetIndex<string, Access>();
  const byUser = new SetIndex<string, Access>();
  const bySignIn = new SetIndex<string, Access>();

  const concerned = (projectId: string, userId: string | undefined): Access[] =>
    userId === undefined
      ? [...opening, ...byProject.get(projectId)]
      : [...byMember.get(memberKey(projectId, userId)), ...byUser.get(userId)];
  const stops = [
    options.bus.subscribe("rights-changed", ({ projectId, userId }) => {
      const change = {};
      for (const access of concerned(projectId, userId)) access.changed(change);
    }),
    options.bus.subscribe("sign-in-ended", ({ signInId }) => {
      for (const access of bySignIn.get(signInId)) access.signedOut();
    }),
  ];

  return {
    add(guest) {
      const { userId, signInId, channel } = guest;
      const access = new Access(guest, options);
      let project: string | null | undefined;
      let unwatch: (() => void) | undefined;
      const watchAgain = (projectId: string | null): void => {
        unwatch?.();
        unwatch = options.rechecks?.watch({
          userId,
          signInId,
          projectId,
          rightsChanged: (change) => access.changed(change),
          signedOut: () => access.signedOut(),
        });
      };
      const leaveOpening = (): void => {
        opening.delete(access);
        byUser.delete(userId, access);
      };
      const belongsTo = (projectId: string | null): void => {
        leaveOpening();
        project = projectId;
        watchAgain(projectId);
        if (projectId === null) return;
        byProject.add(projectId, access);
        byMember.add(memberKey(projectId, userId), access);
      };
      bySignIn.add(signInId, access);
      if (guest.projectId === undefined) {
        // Its project is not known yet, so changes for its user in any project apply.
        opening.add(access);
        byUser.add(userId, access);
        watchAgain(null);
      } else belongsTo(guest.projectId);
      void channel.closed.then(() => {
        leaveOpening();
        unwatch?.();
        bySignIn.delete(signInId, access);
        if (project === undefined || project === null) return;
        byProject.delete(project, access);
        byMember.delete(memberKey(project, userId), access);
      });
      return { access, belongsTo };
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
};
