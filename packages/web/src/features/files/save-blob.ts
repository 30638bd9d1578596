/** Lets the browser save bytes as a file. */

/** Long enough for the browser to read the object URL. */
const KEPT_MS = 10_000;

export const saveBlob = (blob: Blob, name: string): void => {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
};
