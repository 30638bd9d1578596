/** Puts the terminal into the page once its code is here; until then the same output as plain text. */
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { isPageKey } from "../../app/shortcuts.ts";
import { logFault } from "../../app/page-log.ts";
import { filesOf } from "../files/entries.ts";
import { openPath } from "../files/open-file.ts";
import { mayEdit } from "../projects/project-store.ts";
import { plainText } from "./plain-output.ts";
import { sendInput, sendResize } from "./run-view.ts";
import type { TerminalView as View } from "./terminal.ts";

/** The paths that output may name. */
export const usePaths = (): (() => readonly string[]) => {
  const app = useApp();
  return () => {
    const { state } = app.projects.getState();
    return state.kind === "sample"
      ? [state.sample.path]
      : filesOf(app.files.getState().entries).map(({ path }) => path);
  };
};

const EARLY_KEYS: Readonly<Record<string, string>> = { Enter: "\r", Backspace: "\u007f" };

/** The reader who pressed Run goes on typing here, unless they are typing somewhere else already. */
const isKeyboardFree = (): boolean => {
  const { activeElement } = document;
  const isInPlain = activeElement?.classList.contains("early-keys") === true;
  return activeElement === document.body || isInPlain || activeElement?.closest(".button-run") !== null;
};

/** Takes keys as well: whoever types before the terminal is here loses none. */
const PlainOutput = () => {
  const { output } = useStore(useApp().runs);
  const [text, setText] = useState("");
  const keys = useRef<HTMLTextAreaElement>(null);
  useEffect(() => output.subscribe(() => setText(plainText(output.text()))), [output]);
  useEffect(() => {
    if (isKeyboardFree()) keys.current?.focus();
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const input = EARLY_KEYS[event.key] ?? (event.key.length === 1 ? event.key : undefined);
    if (input === undefined) return;
    event.preventDefault();
    sendInput(input);
  };
  return (
    <>
      <pre className="run-terminal-plain">{text}</pre>
      <textarea
        ref={keys}
        className="visually-hidden early-keys"
        aria-label="Input for the program"
        onKeyDown={onKeyDown}
      />
    </>
  );
};

export const TerminalView = () => {
  const app = useApp();
  const host = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>();
  const { output } = useStore(app.runs);
  const isLive = useStore(app.runs, ({ state }) => state.kind === "live");
  const mayAnswer = useStore(app.projects, ({ state }) => mayEdit(state));
  const theme = useStore(app.theme, ({ shown }) => shown);
  const paths = useRef(usePaths());

  useEffect(() => {
    let mounted: View | undefined;
    let isGone = false;
    const mount = async (): Promise<void> => {
      const { mountTerminal } = await import("./terminal.ts");
      if (isGone || !host.current) return;
      mounted = mountTerminal({
        host: host.current,
        output,
        paths: () => paths.current(),
        onInput: sendInput,
        onResize: sendResize,
        onLink: ({ path, line, column }) => openPath(app, path, column === undefined ? { line } : { line, column }),
        isPageKey,
      });
      setView(mounted);
    };
    mount().catch((error: unknown) => logFault("terminal-not-loaded", error));
    return () => {
      isGone = true;
      mounted?.dispose();
    };
  }, [app, output]);

  useEffect(() => view?.restyle(), [view, theme]);
  useEffect(() => {
    const isActive = isLive && mayAnswer;
    view?.setActive(isActive);
    if (isActive && isKeyboardFree()) view?.focus();
  }, [view, isLive, mayAnswer]);

  return (
    <div className="run-terminal">
      {!view && <PlainOutput />}
      <div ref={host} className="run-terminal-host" />
    </div>
  );
};
