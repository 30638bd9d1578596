/** What belongs to one stay in a project: sockets, listeners, timers. Leaving releases all of it, in reverse order. */

export interface ProjectScope {
  /** True from the moment of leaving on: what is still under way then must change nothing any more. */
  readonly isLeft: boolean;
  /** Arranges a release; at once if the project was left meanwhile. */
  add(release: () => void): void;
}

export interface ProjectScopes {
  /** Begins a stay; the one before ends first. */
  enter(): ProjectScope;
  /** Ends the current stay, if there is one. */
  leave(): void;
}

/** @param onFault gets what a release throws; the others are released all the same */
export const createProjectScopes = (onFault: (error: unknown) => void): ProjectScopes => {
  let leaveCurrent: (() => void) | undefined;
  const leave = (): void => {
    leaveCurrent?.();
    leaveCurrent = undefined;
  };
  return {
    leave,
    enter: () => {
      leave();
      const releases: (() => void)[] = [];
      let isLeft = false;
      const release = (one: () => void): void => {
        try {
          one();
        } catch (error) {
          onFault(error);
        }
      };
      leaveCurrent = () => {
        isLeft = true;
        for (const one of releases.toReversed()) release(one);
      };
      return {
        get isLeft() {
          return isLeft;
        },
        add: (one) => {
          if (isLeft) release(one);
          else releases.push(one);
        },
      };
    },
  };
};
