// When npm dies by SIGKILL, the script that it runs gets no signal: it watches its parent process instead.
import process from "node:process";

/**
 * Calls `work` once when the npm that runs this process has ended; never when npm does not run it.
 * @param {() => void} work
 * @returns {() => void} stops watching
 */
export function onLostParent(work) {
  if (process.env["npm_lifecycle_event"] === undefined) return () => undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    work();
  }, 1000);
  timer.unref();
  return () => clearInterval(timer);
}
