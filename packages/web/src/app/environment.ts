/** Time, random numbers and the browser's events, injected so that tests control them. */

export interface ConnectionEnvironment {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Runs once after `delayMs`; the returned function calls it off. */
  after(delayMs: number, run: () => void): () => void;
  /** In [0, 1). */
  random(): number;
  /** Subscribes to the events that the network or the user has returned, or that the network is lost. */
  onWake(listener: (reason: "online" | "visible" | "offline") => void): () => void;
}

export interface LiveEnvironment extends ConnectionEnvironment {
  /** Runs before the next paint, or within 50 ms in a hidden page, where nothing is painted. */
  nextFrame(run: () => void): void;
  /** Subscribes to the event that the user leaves the page. */
  onLeave(listener: () => void): () => void;
}

const HIDDEN_FRAME_MS = 50;

export function browserEnvironment(): LiveEnvironment {
  return {
    now: () => performance.now(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
    onWake: (listener) => {
      const online = () => listener("online");
      const offline = () => listener("offline");
      const visible = () => {
        if (document.visibilityState === "visible") listener("visible");
      };
      addEventListener("online", online);
      addEventListener("offline", offline);
      document.addEventListener("visibilitychange", visible);
      return () => {
        removeEventListener("online", online);
        removeEventListener("offline", offline);
        document.removeEventListener("visibilitychange", visible);
      };
    },
    nextFrame: (run) => {
      let done = false;
      const once = () => {
        if (done) return;
        done = true;
        run();
      };
      requestAnimationFrame(once);
      setTimeout(once, HIDDEN_FRAME_MS);
    },
    onLeave: (listener) => {
      const hidden = () => {
        if (document.visibilityState === "hidden") listener();
      };
      addEventListener("pagehide", listener);
      document.addEventListener("visibilitychange", hidden);
      return () => {
        removeEventListener("pagehide", listener);
        document.removeEventListener("visibilitychange", hidden);
      };
    },
  };
}
