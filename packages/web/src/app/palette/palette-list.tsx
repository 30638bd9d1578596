/** The palette's list (ARIA combobox with a list box): arrows choose, Enter does, the field keeps the keyboard. */
import { type ReactNode, type RefObject, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { configurationCommands } from "../../features/execution/run-choice-commands.ts";
import { FileIcon } from "../../features/files/file-icon.tsx";
import { filesOf } from "../../features/files/entries.ts";
import { openFile } from "../../features/files/open-file.ts";
import { allOpen } from "../../features/files/tabs-store.ts";
import type { Command } from "../commands/command-registry.ts";
import { registerListedCommands } from "../commands/listed-commands.ts";
import { type App, useApp } from "../services.ts";
import { readStored, writeStored } from "../stored.ts";
import { commandItems, withRecent } from "./command-items.ts";
import { fileItems, parseFileQuery } from "./file-items.ts";
import { type PaletteItem, plainText, type TextPart } from "./palette-item.ts";

export type PaletteListProps = {
  /** The id that the list gets. */
  readonly listId: string;
  readonly query: string;
  readonly field: RefObject<HTMLInputElement | null>;
  /** Enter was pressed before the list was here. */
  readonly isEarlyEnter: boolean;
  readonly onClose: () => void;
};

const RECENT = "palette.recent";
const PAGE = 10;

const recentIds = (): string[] => readStored(RECENT)?.split(" ") ?? [];

/** The editor's own actions, such as folding and comments, are commands too. */
const editorCommands = (app: App): Command[] =>
  app.editor.actions().map(({ id, label }) => ({
    id: `editor:${id}`,
    title: label,
    group: "Editor",
    run: () => app.editor.runAction(id),
  }));

const commandsFor = (app: App, query: string): PaletteItem[] => {
  registerListedCommands(app);
  const commands = [...app.commands.listed(), ...configurationCommands(app), ...editorCommands(app)];
  return commandItems(query, commands, recentIds()).map((item) => ({
    ...item,
    run: () => {
      writeStored(RECENT, withRecent(recentIds(), item.id).join(" "));
      item.run();
    },
  }));
};

const filesFor = (app: App, query: string): PaletteItem[] => {
  const asked = parseFileQuery(query);
  const { entries, hidden } = app.files.getState();
  const { shown } = app.tabs.getState();
  const open = allOpen(app.tabs.getState());
  const position = {
    ...(asked.line === undefined ? {} : { line: asked.line }),
    ...(asked.column === undefined ? {} : { column: asked.column }),
  };
  if (asked.text === "" && asked.line !== undefined) {
    if (shown === undefined) return [];
    return [{ id: "line", label: plainText(`Go to line ${asked.line}`), run: () => openFile(app, shown, position) }];
  }
  const files = filesOf(entries).filter(({ id }) => !hidden.has(id));
  // The shown file comes last: the user is already there.
  const order = [...open.filter((id) => id !== shown).toReversed(), ...(shown === undefined ? [] : [shown])];
  return fileItems(asked, { files, open: order, choose: (id) => openFile(app, id, position) });
};

const Text = ({ parts }: { readonly parts: readonly TextPart[] }): ReactNode =>
  parts.map(({ text, isFound }, index) => (isFound ? <mark key={index}>{text}</mark> : text));

const optionId = (listId: string, index: number): string => `${listId}-${index}`;

const countWords = (count: number): string =>
  count === 0 ? "Nothing found" : count === 1 ? "1 result" : `${count} results`;

export const PaletteList = ({ listId, query, field, isEarlyEnter, onClose }: PaletteListProps) => {
  const app = useApp();
  const isCommands = query.startsWith(">");
  const items = useMemo(
    () => (isCommands ? commandsFor(app, query.slice(1)) : filesFor(app, query)),
    [app, isCommands, query],
  );
  const [chosen, setChosen] = useState({ query, at: 0 });
  // Another query begins with its best result.
  const at = chosen.query === query ? Math.min(chosen.at, items.length - 1) : 0;
  const list = useRef<HTMLDivElement>(null);

  const choose = (item: PaletteItem | undefined): void => {
    if (!item) return;
    // The focus returns first: the command may act on the focused element, or move the focus.
    flushSync(onClose);
    item.run();
  };
  const onKeyDown = useEffectEvent((event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const count = Math.max(1, items.length);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: (at + 1) % count,
      ArrowUp: (at - 1 + count) % count,
      PageDown: Math.min(count - 1, at + PAGE),
      PageUp: Math.max(0, at - PAGE),
    };
    const next = steps[event.key];
    if (event.key === "Enter") choose(items[at]);
    else if (next === undefined) return;
    else setChosen({ query, at: next });
    event.preventDefault();
    event.stopPropagation();
  });
  const chooseEarly = useEffectEvent(() => {
    // Not within this effect: React would close the palette only after it.
    if (isEarlyEnter) setTimeout(() => choose(items[0]));
  });
  useEffect(() => {
    const input = field.current;
    const listener = (event: KeyboardEvent): void => onKeyDown(event);
    input?.addEventListener("keydown", listener);
    chooseEarly();
    return () => input?.removeEventListener("keydown", listener);
  }, [field]);
  useEffect(() => {
    field.current?.setAttribute("aria-activedescendant", items.length > 0 ? optionId(listId, at) : "");
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [field, listId, items, at]);

  return (
    <>
      {/* The list of a combobox that is no select: the field has the keyboard for it. */}
      {/* oxlint-disable jsx-a11y/prefer-tag-over-role, jsx-a11y/click-events-have-key-events */}
      <div
        ref={list}
        role="listbox"
        id={listId}
        className="palette-items"
        aria-label="Results"
        hidden={items.length === 0}
      >
        {items.map((item, index) => (
          <div
            key={item.id}
            id={optionId(listId, index)}
            role="option"
            className="palette-item"
            aria-selected={index === at}
            tabIndex={-1}
            // The field keeps the keyboard, and its keys choose.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(item)}
          >
            {item.path !== undefined && <FileIcon path={item.path} />}
            <span className="palette-label">
              <Text parts={item.label} />
            </span>
            {item.detail && (
              <span className="palette-detail">
                <Text parts={item.detail} />
              </span>
            )}
            {item.keys && item.keys.length > 0 && (
              <span className="palette-keys" aria-hidden>
                {item.keys.map((cap) => (
                  <kbd key={cap} className="keycap">
                    {cap}
                  </kbd>
                ))}
              </span>
            )}
          </div>
        ))}
      </div>
      {/* oxlint-enable jsx-a11y/prefer-tag-over-role, jsx-a11y/click-events-have-key-events */}
      {items.length === 0 && <p className="palette-none">Nothing found.</p>}
      <output className="visually-hidden">{countWords(items.length)}</output>
    </>
  );
};
