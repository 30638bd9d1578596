/** The resources of an open project: sockets, listeners, timers. Leaving the project releases all of them, in reverse order. */

export interface ProjectScope {
  /** True as soon as the project is left: operations that are still in progress must not change anything then. */
  readonly isLeft: boolean;
  /** Arranges a release; at once if the project was left meanwhile. */
  add(release: () => void): void;
}

export interface ProjectScopes {
  /** Begins a scope; the one before ends first. */
  enter(): ProjectScope;
  /** Ends the current scope, if there is one. */
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
