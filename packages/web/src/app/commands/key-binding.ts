/** Key bindings: how they are written (`Mod+Shift+P`), which key events they match, and how they are shown. */
import { isApple } from "../platform.ts";

/** The properties of a key event that are compared. */
export type KeyPress = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

const MODIFIERS = ["ctrl", "meta", "shift", "alt"] as const;
type Modifier = (typeof MODIFIERS)[number];

type Parsed = { readonly key: string; readonly modifiers: ReadonlySet<Modifier> };

const modifierOf = (name: string, apple: boolean): Modifier | undefined => {
  const lower = name.toLowerCase();
  if (lower === "mod") return apple ? "meta" : "ctrl";
  return MODIFIERS.find((modifier) => modifier === lower);
};

/** @throws Error for a word before the last `+` that is no modifier */
const parse = (keys: string, apple: boolean): Parsed => {
  const parts = keys.split("+");
  const key = parts.pop() ?? "";
  const modifiers = parts.map((part) => {
    const modifier = modifierOf(part, apple);
    if (modifier === undefined) throw new Error(`no modifier: ${part} in ${keys}`);
    return modifier;
  });
  return { key: key.toLowerCase(), modifiers: new Set(modifiers) };
};

/** On a keyboard without Latin letters the key's position is compared: Ctrl+P is the key at the position of P. */
const isKey = (wanted: string, { key, code }: KeyPress): boolean =>
  key.toLowerCase() === wanted ||
  (/^[a-z]$/u.test(wanted) && (key.codePointAt(0) ?? 0) > 127 && code === `Key${wanted.toUpperCase()}`);

/**
 * Whether a key event is this binding, with exactly its modifiers. `keys` is `Mod+Shift+P`: `Mod` is Cmd on Apple's machines,
 * Ctrl elsewhere; the last part is a `KeyboardEvent.key`.
 */
export const matchesKeys = (keys: string, event: KeyPress, apple: boolean = isApple): boolean => {
  const { key, modifiers } = parse(keys, apple);
  const pressed = { ctrl: event.ctrlKey, meta: event.metaKey, shift: event.shiftKey, alt: event.altKey };
  return isKey(key, event) && MODIFIERS.every((modifier) => pressed[modifier] === modifiers.has(modifier));
};

const APPLE_CAPS: Readonly<Record<string, string>> = { meta: "⌘", shift: "⇧", alt: "⌥", ctrl: "⌃", enter: "⏎" };
const CAPS: Readonly<Record<string, string>> = { ctrl: "Ctrl", meta: "Meta", shift: "Shift", alt: "Alt" };

/** The keys to show, one by one: `["Ctrl", "Shift", "P"]`, on Apple's machines `["⌘", "⇧", "P"]`. */
export const keyCaps = (keys: string, apple: boolean = isApple): string[] => {
  const last = keys.slice(keys.lastIndexOf("+") + 1);
  const { key, modifiers } = parse(keys, apple);
  const caps = [...modifiers].map((modifier) => (apple ? APPLE_CAPS : CAPS)[modifier] ?? modifier);
  return [...caps, (apple ? APPLE_CAPS[key] : undefined) ?? (last.length === 1 ? last.toUpperCase() : last)];
};

/** `Ctrl+Shift+P`, on Apple's machines `⌘⇧P`. */
export const keyWords = (keys: string, apple: boolean = isApple): string => keyCaps(keys, apple).join(apple ? "" : "+");

/** The value of `aria-keyshortcuts`. */
export const ariaKeys = (keys: string): string =>
  keys
    .split("+")
    .map((part) => (/^mod$/iu.test(part) ? (isApple ? "Meta" : "Control") : part.replace(/^ctrl$/iu, "Control")))
    .join("+");
