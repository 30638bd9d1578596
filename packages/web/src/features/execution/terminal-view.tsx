/** Puts the terminal into the page once its code is here; until then the same output as plain text. */
import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { isPageKey } from "../../app/shortcuts.ts";
import { logFault } from "../../app/page-log.ts";
import { filesOf } from "../files/entries.ts";
import { openPath } from "../files/open-file.ts";
import { plainText } from "./plain-output.ts";
import { sendInput, sendResize } from "./run-view.ts";
import type { TerminalView as View } from "./terminal.ts";

/** The paths that output may name. */
export const usePaths = (): (() => readonly string[]) => {
  const app = useApp();
  return () => {
    const { state } = app.projects.getState();
    return state.kind === "sample" ? [state.sample.path] : filesOf(app.files.getState().entries).map(({ path }) => path);
  };
};

const PlainOutput = () => {
  const { output } = useStore(useApp().runs);
  const [text, setText] = useState("");
  useEffect(() => output.subscribe(() => setText(plainText(output.text()))), [output]);
  return <pre className="run-terminal-plain">{text}</pre>;
};

export const TerminalView = () => {
  const app = useApp();
  const host = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>();
  const { output } = useStore(app.runs);
  const isLive = useStore(app.runs, ({ state }) => state.kind === "live");
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
    view?.setActive(isLive);
    // The reader who pressed Run goes on typing here, unless they are typing somewhere else already.
    const isIdle = document.activeElement === document.body || document.activeElement?.closest(".button-run") !== null;
    if (isLive && isIdle) view?.focus();
  }, [view, isLive]);

  return (
    <div className="run-terminal">
      {!view && <PlainOutput />}
      <div ref={host} className="run-terminal-host" />
    </div>
  );
};
