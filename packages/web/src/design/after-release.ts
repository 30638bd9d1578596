/** Opens menus only when no button is pressed: releasing a button outside a menu would close the menu. */

const pressed = new Set<number>();
let isListening = false;

/** Starts to track which pointers are pressed. Must be called before the first press that `afterRelease` should know of. */
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

/** Calls back at once if no pointer is pressed, otherwise after the last one was released and its event was handled. */
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
