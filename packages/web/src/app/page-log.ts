/** The page's own log in the browser's console: stable event names, never text of a file. */

export const logFault = (event: string, details?: unknown): void => {
  // oxlint-disable-next-line no-console -- the browser's console is this program's log
  console.warn(`atelier: ${event}`, details ?? "");
};
