/** Says something to screen readers, politely and once. */

let region: HTMLElement | undefined;

const liveRegion = (): HTMLElement => {
  if (region) return region;
  region = document.createElement("div");
  region.className = "visually-hidden";
  region.setAttribute("role", "status");
  document.body.append(region);
  return region;
};

/** The same words twice are said twice: a region that does not change is not read. */
export const announce = (words: string): void => {
  const target = liveRegion();
  target.textContent = "";
  setTimeout(() => {
    target.textContent = words;
  }, 60);
};
