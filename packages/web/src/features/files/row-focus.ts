/** The ids of the tree's rows, and focusing one. */

export const rowId = (id: string): string => `entry-${id}`;

/** Focuses a row that the current change renders. */
export const focusRow = (id: string | undefined): void => {
  requestAnimationFrame(() => document.getElementById(rowId(id ?? ""))?.focus());
};
