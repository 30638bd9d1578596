/** Announces a text to screen readers once, in a polite live region. */

let region: HTMLElement | undefined;

const liveRegion = (): HTMLElement => {
  if (region) return region;
  region = document.createElement("div");
  region.className = "visually-hidden";
  region.setAttribute("role", "status");
  document.body.append(region);
  return region;
};

/** A repeated text is announced again: the region has to change, because an unchanged one is not read. */
export const announce = (words: string): void => {
  const target = liveRegion();
  target.textContent = "";
  setTimeout(() => {
    target.textContent = words;
  }, 60);
};
