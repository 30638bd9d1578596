/** Gives the server a higher priority than other processes, above all sandboxes: it needs little CPU time, and every run waits for it. */
import { writeFileSync } from "node:fs";

/** As of `nice`: about ten times the usual weight. */
const serverNice = -10;

/**
 * Needs the root user, who alone may ask for more than the usual, and a kernel that groups processes by session: `npm start`
 * gives the server a session of its own. Elsewhere it does nothing. In a cgroup of its own the server's weight is the cgroup's.
 */
export const raiseServerPriority = (autogroup = "/proc/self/autogroup"): boolean => {
  try {
    writeFileSync(autogroup, String(serverNice), { flag: "r+" });
    return true;
  } catch {
    return false;
  }
};
