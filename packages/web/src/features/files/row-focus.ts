/** The ids of the tree's rows, and giving the keyboard to one. */

export const rowId = (id: string): string => `entry-${id}`;

/** Gives the keyboard to a row that is drawn by the change going on now. */
export const focusRow = (id: string | undefined): void => {
  requestAnimationFrame(() => document.getElementById(rowId(id ?? ""))?.focus());
};
