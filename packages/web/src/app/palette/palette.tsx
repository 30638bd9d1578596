/**
 * The palette's field. It accepts keys at once, so that nothing typed into it reaches the code while its list is
 * still loading; the list is loaded separately.
 */
import { type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from "react";
import { createLatePart } from "../late-part.tsx";
import "./palette.css";

/** `languages`: the commands that begin a project in one of them. */
export type PaletteMode = "commands" | "files" | "languages";

const PaletteList = createLatePart(async () => (await import("./palette-list.tsx")).PaletteList);

/** What the field begins with. */
const BEGINNINGS = { commands: ">", files: "", languages: ">New project " } as const satisfies Record<
  PaletteMode,
  string
>;

/** What the field says, and how it is called, in each mode. */
const WORDS = {
  commands: { name: "Commands", hint: "What to do" },
  files: { name: "Go to file", hint: "File name, with :line, or > for commands" },
} as const satisfies Record<"commands" | "files", { name: string; hint: string }>;

export const Palette = ({ mode, onClose }: { readonly mode: PaletteMode; readonly onClose: () => void }) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const isGone = useRef(false);
  const listId = useId();
  const [query, setQuery] = useState<string>(BEGINNINGS[mode]);
  const [isEarlyEnter, setEarlyEnter] = useState(false);
  // Closed by the browser before it is removed, so that the focus returns to where it was.
  useLayoutEffect(() => {
    const element = dialog.current;
    isGone.current = false;
    if (element?.open === false) element.showModal();
    // Behind what it begins with, where some browsers put the caret before it.
    const end = BEGINNINGS[mode].length;
    field.current?.setSelectionRange(end, end);
    return () => {
      isGone.current = true;
      element?.close();
    };
  }, [mode]);
  const shownMode = query.startsWith(">") ? "commands" : "files";
  // The list listens to the field itself once it is here.
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && !event.nativeEvent.isComposing) setEarlyEnter(true);
  };
  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label={WORDS[shownMode].name}
      onClose={() => {
        if (!isGone.current) onClose();
      }}
      // A click outside closes, in browsers that know the attribute.
      {...{ closedby: "any" }}
    >
      <input
        ref={field}
        className="palette-field"
        role="combobox"
        aria-label={WORDS[shownMode].name}
        aria-expanded
        aria-controls={listId}
        aria-autocomplete="list"
        placeholder={WORDS[shownMode].hint}
        autoCapitalize="off"
        autoComplete="off"
        autoCorrect="off"
        spellCheck={false}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <PaletteList with={{ listId, query, field, isEarlyEnter, onClose }} onClose={onClose} />
    </dialog>
  );
};
