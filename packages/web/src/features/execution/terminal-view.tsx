/** Shows the terminal when its code is loaded; until then the same output as plain text. */
import { type FormEvent, type KeyboardEvent, type MouseEvent, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { createLatePane } from "../../app/late-part.tsx";
import { commandForKey } from "../../app/commands/command-for-key.ts";
import { logFault } from "../../app/page-log.ts";
import { openPath } from "../files/open-file.ts";
import { mayEdit } from "../projects/project-store.ts";
import type { MenuPosition } from "../../design/context-menu.tsx";
import { openFind } from "./console-actions.ts";
import { loadTerminal, preloadTerminal } from "./load-terminal.ts";
import { plainPreview, PREVIEW_BYTES } from "./plain-output.ts";
import { sendInput, sendResize } from "./run-view.ts";
import type { RunState } from "./run-store.ts";
import type { TerminalView as View } from "./terminal.ts";
import { usePaths } from "./use-paths.ts";

const ConsoleMenu = createLatePane(async () => (await loadTerminal()).ConsoleMenu);

/** Output may arrive faster than plain text can be made of it, so it is updated only this often. */
const PLAIN_TEXT_MS = 100;

const EARLY_KEYS: Readonly<Record<string, string>> = { Enter: "\r", Backspace: "\u007f" };
/** With Ctrl: the control character that a terminal sends. */
const EARLY_CONTROLS: Readonly<Record<string, string>> = { c: "\u0003", d: "\u0004" };

/** The focus moves here after Run, unless the user is typing elsewhere. */
const isKeyboardFree = (): boolean => {
  const { activeElement } = document;
  const isInPlain = activeElement?.classList.contains("early-keys") === true;
  return activeElement === document.body || isInPlain || activeElement?.closest(".button-run") !== null;
};

/** Output that was printed before Stop and is not shown yet is not waited for. */
const isCutShort = (state: RunState): boolean =>
  state.kind === "live" ? state.isStopping : state.kind === "ended" && state.execution.status === "cancelled";

/** Also takes keys, so that none typed before the terminal is loaded are lost. */
const PlainOutput = () => {
  const app = useApp();
  const { output } = useStore(app.runs);
  const [text, setText] = useState("");
  const keys = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (): void => {
      timer = undefined;
      setText(plainPreview(output.text({ lastBytes: PREVIEW_BYTES })));
    };
    const unsubscribe = output.subscribe(() => {
      timer ??= setTimeout(show, PLAIN_TEXT_MS);
    });
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [output]);
  useEffect(() => {
    if (isKeyboardFree()) keys.current?.focus();
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.metaKey || event.altKey || event.nativeEvent.isComposing) return;
    const isSelected = getSelection()?.isCollapsed === false;
    const input = event.ctrlKey
      ? isSelected
        ? undefined
        : EARLY_CONTROLS[event.key.toLowerCase()]
      : EARLY_KEYS[event.key];
    if (input === undefined) return;
    event.preventDefault();
    sendInput(app, input);
  };
  // Text from any source: typed, pasted, dictated, composed.
  const onText = ({ currentTarget: field }: FormEvent<HTMLTextAreaElement>): void => {
    sendInput(app, field.value.replaceAll(/\r?\n/gu, "\r"));
    field.value = "";
  };
  return (
    <>
      <pre className="run-terminal-plain">{text}</pre>
      <textarea
        ref={keys}
        className="visually-hidden early-keys"
        aria-label="Input for the program"
        onKeyDown={onKeyDown}
        onInput={(event) => event.nativeEvent.isComposing || onText(event)}
        onCompositionEnd={onText}
      />
    </>
  );
};

export const TerminalView = () => {
  const app = useApp();
  const host = useRef<HTMLDivElement>(null);
  const view = useStore(app.console, (state) => state.view);
  const [menu, setMenu] = useState<MenuPosition>();
  const { output } = useStore(app.runs);
  const isLive = useStore(app.runs, ({ state }) => state.kind === "live");
  const isSkimming = useStore(app.runs, ({ state }) => isCutShort(state));
  const mayAnswer = useStore(app.projects, ({ state }) => mayEdit(state));
  const theme = useStore(app.theme, ({ shown }) => shown);
  const isWrapped = useStore(app.console, (state) => state.isWrapped);
  const paths = useRef(usePaths());

  useEffect(() => {
    let mounted: View | undefined;
    let isGone = false;
    const mount = async (): Promise<void> => {
      const { mountTerminal } = await loadTerminal();
      if (isGone || !host.current) return;
      mounted = mountTerminal({
        host: host.current,
        output,
        paths: () => paths.current(),
        onInput: (text) => sendInput(app, text),
        onResize: (columns, rows) => sendResize(app, columns, rows),
        onLink: ({ path, line, column }) => openPath(app, path, column === undefined ? { line } : { line, column }),
        onFind: () => openFind(app.console),
        onSelection: (hasSelection) => app.console.setState({ hasSelection }),
        isPageKey: (event) => commandForKey(app, event) !== undefined,
        isWrapped: app.console.getState().isWrapped,
      });
      app.console.setState({ view: mounted });
    };
    preloadTerminal();
    mount().catch((error: unknown) => logFault("terminal-not-loaded", error));
    return () => {
      isGone = true;
      mounted?.dispose();
      app.console.setState({ view: undefined, hasSelection: false, isFinding: false });
    };
  }, [app, output]);

  useEffect(() => view?.restyle(), [view, theme]);
  useEffect(() => view?.setSkimming(isSkimming), [view, isSkimming]);
  useEffect(() => {
    const isActive = isLive && mayAnswer;
    view?.setActive(isActive);
    if (isActive && isKeyboardFree()) view?.focus();
  }, [view, isLive, mayAnswer]);

  // Before xterm, which would move its field under the pointer for the browser's own menu; Shift opens that one.
  const openMenu = (event: MouseEvent): void => {
    if (event.shiftKey || !view) return;
    event.preventDefault();
    event.stopPropagation();
    setMenu({ x: event.clientX, y: event.clientY });
  };
  return (
    <div className="run-terminal" onContextMenuCapture={openMenu}>
      {!view && <PlainOutput />}
      <div ref={host} className="run-terminal-host" data-wraps={isWrapped} />
      {menu && <ConsoleMenu at={menu} isActive={isLive && mayAnswer} onClose={() => setMenu(undefined)} />}
    </div>
  );
};
