/** Tells open streams about changed rights and ended sign-ins: one subscription for all streams, which are found by index. */
import { SetIndex } from "#kernel/set-index";
import type { Bus } from "#platform/bus";

/** A stream as the watch knows it. */
export type WatchedStream = {
  readonly userId: string;
  readonly signInId: string;
  /** Called when rights in the project changed for this stream's user, or for everybody. */
  rightsChanged(projectId: string): void;
  signedOut(): void;
};

export type StreamWatch = {
  /** Adds a stream. Until its project is known it is also told of every project that changes for everybody. */
  add(stream: WatchedStream): {
    /** @param projectId null: the execution belongs to no project */
    belongsTo(projectId: string | null): void;
    stop(): void;
  };
  /** Ends the subscriptions. */
  stop(): void;
};

export const createStreamWatch = (bus: Pick<Bus, "subscribe">): StreamWatch => {
  const opening = new Set<WatchedStream>();
  const byProject = new SetIndex<string, WatchedStream>();
  const byUser = new SetIndex<string, WatchedStream>();
  const bySignIn = new SetIndex<string, WatchedStream>();

  const stops = [
    bus.subscribe("rights-changed", ({ projectId, userId }) => {
      const concerned = userId === undefined ? [...opening, ...byProject.get(projectId)] : byUser.get(userId);
      for (const stream of concerned) stream.rightsChanged(projectId);
    }),
    bus.subscribe("sign-in-ended", ({ signInId }) => {
      for (const stream of bySignIn.get(signInId)) stream.signedOut();
    }),
  ];

  return {
    add(stream) {
      let project: string | null = null;
      opening.add(stream);
      byUser.add(stream.userId, stream);
      bySignIn.add(stream.signInId, stream);
      return {
        belongsTo(projectId) {
          opening.delete(stream);
          project = projectId;
          if (projectId !== null) byProject.add(projectId, stream);
        },
        stop() {
          opening.delete(stream);
          if (project !== null) byProject.delete(project, stream);
          byUser.delete(stream.userId, stream);
          bySignIn.delete(stream.signInId, stream);
        },
      };
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
};
