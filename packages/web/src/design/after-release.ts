/** Opens menus only when no button is pressed: the release of one outside a menu is taken as the wish to close it. */

const pressed = new Set<number>();
let isListening = false;

/** Notes from now on which pointers are pressed. Called by whoever will ask `afterRelease`, before the first press. */
export const notePresses = (): void => {
  if (isListening) return;
  isListening = true;
  const down = ({ pointerId }: PointerEvent): unknown => pressed.add(pointerId);
  const up = ({ pointerId }: PointerEvent): unknown => pressed.delete(pointerId);
  document.addEventListener("pointerdown", down, { capture: true, passive: true });
  for (const end of ["pointerup", "pointercancel"] as const) {
    document.addEventListener(end, up, { capture: true, passive: true });
  }
};

/** Runs at once if no pointer is pressed, else when the last of them was released and the page has heard of it. */
export const afterRelease = (run: () => void): void => {
  if (pressed.size === 0) {
    run();
    return;
  }
  const onEnd = (): void => {
    if (pressed.size > 0) return;
    document.removeEventListener("pointerup", onEnd);
    document.removeEventListener("pointercancel", onEnd);
    setTimeout(run);
  };
  document.addEventListener("pointerup", onEnd);
  document.addEventListener("pointercancel", onEnd);
};
