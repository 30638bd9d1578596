/** A button that opens a menu in the top layer (ARIA menu button pattern: arrows, Home, End, letters, Escape). */
import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useId,
  useRef,
  useState,
} from "react";
import { createPortal, flushSync } from "react-dom";

export type MenuButtonProps = {
  readonly label: string;
  readonly className?: string;
  readonly icon: ReactNode;
  /** The items; rendered while the menu is open. */
  readonly children: () => ReactNode;
  /** Which edge of the button the menu lines up with. */
  readonly align?: "start" | "end";
  readonly onOpen?: () => void;
  readonly style?: CSSProperties;
  readonly tabIndex?: number;
  /** Where the menu is in the page; beside the button unless that is inside something whose text is its name. */
  readonly container?: () => Element | null;
};

const itemsOf = (menu: HTMLElement): HTMLElement[] => [...menu.querySelectorAll<HTMLElement>("[role^=menuitem]")];

/** Moves focus inside a menu; true when the key was one of the menu's. */
export const moveInMenu = (menu: HTMLElement, key: string): boolean => {
  const items = itemsOf(menu);
  const at = items.indexOf(document.activeElement as HTMLElement);
  const target = (index: number): boolean => {
    items.at(index % Math.max(1, items.length))?.focus();
    return true;
  };
  if (key === "ArrowDown") return target(at + 1);
  if (key === "ArrowUp") return target(at <= 0 ? -1 : at - 1);
  if (key === "Home") return target(0);
  if (key === "End") return target(-1);
  if (key.length !== 1 || key === " ") return false;
  const rest = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  rest.find((item) => item.textContent.trim().toLowerCase().startsWith(key.toLowerCase()))?.focus();
  return true;
};

/** Positions a menu below `anchor`, or above it where it does not fit. */
export const positionMenu = (menu: HTMLElement, anchor: DOMRect, align: "start" | "end"): void => {
  const { width, height } = menu.getBoundingClientRect();
  const left = align === "start" ? anchor.left : anchor.right - width;
  const below = anchor.bottom + 5;
  const top = below + height > innerHeight - 8 ? Math.max(8, anchor.top - height - 5) : below;
  menu.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  menu.style.top = `${top}px`;
};

export const MenuButton = (props: MenuButtonProps) => {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const id = useId();

  const within = (element: ReactNode): ReactNode => {
    const container = props.container?.();
    return container ? createPortal(element, container) : element;
  };
  const close = (): void => {
    menu.current?.hidePopover();
    button.current?.focus();
  };
  // At once, with the focus on the first item: the next key belongs to the menu, and may come before the next frame.
  const onBeforeToggle = (event: { newState: string }): void => {
    if (event.newState !== "open") return;
    flushSync(() => setOpen(true));
    // The browser moves the focus to it when it shows the menu.
    if (menu.current) itemsOf(menu.current)[0]?.setAttribute("autofocus", "");
  };
  const onToggle = (event: { newState: string }): void => {
    const opened = event.newState === "open";
    setOpen(opened);
    if (!opened || !menu.current || !button.current) return;
    positionMenu(menu.current, button.current.getBoundingClientRect(), props.align ?? "start");
    props.onOpen?.();
  };
  // Choosing closes; a choice among several (the theme) stays open to be seen.
  const onClick = (event: MouseEvent): void => {
    if ((event.target as Element).closest("[role=menuitem]")) close();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Tab") {
      event.preventDefault();
      close();
    } else if (menu.current && moveInMenu(menu.current, event.key)) {
      event.preventDefault();
    }
  };

  return (
    <>
      <button
        ref={button}
        type="button"
        className={props.className ?? "icon-button"}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-label={props.label}
        title={props.label}
        popoverTarget={id}
        style={props.style}
        tabIndex={props.tabIndex}
      >
        {props.icon}
      </button>
      {within(
        <div
          ref={menu}
          id={id}
          popover="auto"
          role="menu"
          aria-label={props.label}
          className="menu"
          tabIndex={-1}
          onClick={onClick}
          onBeforeToggle={onBeforeToggle}
          onToggle={onToggle}
          onKeyDown={onKeyDown}
        >
          {isOpen && props.children()}
        </div>,
      )}
    </>
  );
};

export type MenuItemProps = {
  readonly icon?: ReactNode;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly isDangerous?: boolean;
  readonly onChoose: () => void;
};

export const MenuItem = ({ icon, label, hint, isDangerous, onChoose }: MenuItemProps) => (
  <button
    type="button"
    role="menuitem"
    tabIndex={-1}
    className={isDangerous === true ? "menu-item menu-item-danger" : "menu-item"}
    onClick={onChoose}
  >
    {icon}
    <span className="menu-item-label">{label}</span>
    {hint !== undefined && <span className="menu-item-hint">{hint}</span>}
  </button>
);

/** A menu entry that goes to another page. */
export const MenuLink = ({ icon, label, hint, href }: Omit<MenuItemProps, "onChoose"> & { readonly href: string }) => (
  <a role="menuitem" tabIndex={-1} className="menu-item" href={href}>
    {icon}
    <span className="menu-item-label">{label}</span>
    {hint !== undefined && <span className="menu-item-hint">{hint}</span>}
  </a>
);
