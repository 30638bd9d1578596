/** The page's own log: stable event names for whoever opens the console; never text of a file. */

export const logFault = (event: string, details?: unknown): void => {
  // oxlint-disable-next-line no-console -- the browser's console is this program's log
  console.warn(`atelier: ${event}`, details ?? "");
};
