/** A menu at the pointer, or at the element that has the focus when the menu key is pressed; looks like the menus of buttons. */
import { type KeyboardEvent, type MouseEvent, type ReactNode, useLayoutEffect, useRef } from "react";
import { moveInMenu, positionMenu } from "./menu.tsx";

/** In CSS pixels of the window. */
export type MenuPosition = { readonly x: number; readonly y: number };

export type ContextMenuProps = {
  readonly label: string;
  readonly at: MenuPosition;
  /** Called when the menu should close: an entry was chosen, or the user clicked or moved the focus elsewhere. */
  readonly onClose: () => void;
  readonly children: ReactNode;
};

/** Exists while the menu is open. Afterwards the focus returns to where it was, unless the user moved it. */
export const ContextMenu = ({ label, at, onClose, children }: ContextMenuProps) => {
  const menu = useRef<HTMLDivElement>(null);
  const before = useRef<Element | null>(null);
  const close = useRef(onClose);
  useLayoutEffect(() => {
    close.current = onClose;
  });

  const giveBack = (): void => {
    // The chosen action may have moved the focus.
    if (menu.current?.contains(document.activeElement) !== true) return;
    if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true });
  };
  useLayoutEffect(() => {
    const element = menu.current;
    if (!element) return undefined;
    before.current = document.activeElement;
    // A manual popover: an automatic one closes when the button that opened it is released.
    element.showPopover();
    positionMenu(element, new DOMRect(at.x, at.y, 0, 0), "start");
    element.querySelector<HTMLElement>("[role^=menuitem]:not(:disabled)")?.focus({ preventScroll: true });
    const leave = (event: Event): void => {
      if (!element.contains(event.target as Node | null)) close.current();
    };
    const abort = new AbortController();
    const options = { capture: true, signal: abort.signal };
    addEventListener("pointerdown", leave, options);
    addEventListener("wheel", leave, options);
    addEventListener("resize", () => close.current(), options);
    addEventListener("blur", () => close.current(), { signal: abort.signal });
    return () => abort.abort();
  }, [at]);

  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      giveBack();
      onClose();
    } else if (menu.current && moveInMenu(menu.current, event.key)) event.preventDefault();
  };
  const onClick = (event: MouseEvent): void => {
    if (!(event.target as Element).closest("[role^=menuitem]:not(:disabled)")) return;
    giveBack();
    onClose();
  };
  return (
    <div
      ref={menu}
      popover="manual"
      role="menu"
      aria-label={label}
      className="menu"
      tabIndex={-1}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onContextMenu={(event) => event.preventDefault()}
    >
      {children}
    </div>
  );
};
