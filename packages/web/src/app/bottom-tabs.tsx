/** The tabs at the bottom of a phone's screen, which switch between the panes, with the Run button. */
import { CodeXml, Files, SquareTerminal } from "lucide-react";
import { useStore } from "zustand";
import { RunButton } from "../features/execution/run-button.tsx";
import { isBusy } from "../features/execution/run-store.ts";
import type { PaneName } from "./layout-store.ts";
import { useApp } from "./services.ts";

const PANES = [
  { pane: "code", label: "Code", icon: CodeXml },
  { pane: "files", label: "Files", icon: Files },
  { pane: "output", label: "Output", icon: SquareTerminal },
] as const satisfies readonly { pane: PaneName; label: string; icon: typeof CodeXml }[];

/** A phone's first screen has no output pane, which says this elsewhere. Gone with the first edit. */
const FirstWords = () => {
  const isShown = useStore(
    useApp().projects,
    ({ state }) => state.kind === "sample" && state.promotion.kind === "none",
  );
  const isCode = useStore(useApp().layout, ({ pane }) => pane === "code");
  if (!isShown || !isCode) return null;
  return <p className="bottom-words">A code editor in the browser that runs your code.</p>;
};

export const BottomTabs = () => {
  const { layout, runs } = useApp();
  const shown = useStore(layout, ({ pane }) => pane);
  const isLive = useStore(runs, ({ state }) => isBusy(state));
  return (
    <>
      <FirstWords />
      <div className="bottom-tabs">
        {PANES.map(({ pane, label, icon: Icon }) => (
          <button
            key={pane}
            className="bottom-tab"
            aria-current={shown === pane}
            onClick={() => layout.setState({ pane })}
          >
            <span className="bottom-dot" data-live={(pane === "output" && isLive) || undefined}>
              <Icon size={19} strokeWidth={1.75} aria-hidden />
            </span>
            {label}
          </button>
        ))}
        <RunButton />
      </div>
    </>
  );
};
