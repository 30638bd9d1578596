/** Takes what a drop or a paste brings out of its event: the event's data is gone after the first await. */

/** A folder is an entry only. */
export type TransferItem = FileSystemEntry | File;

export const takeItems = ({ items }: DataTransfer): readonly TransferItem[] =>
  [...items]
    .filter(({ kind }) => kind === "file")
    .map((item) => item.webkitGetAsEntry() ?? item.getAsFile())
    .filter((item) => item !== null);
