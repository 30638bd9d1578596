/** The save state in the top bar: shown when there is something to save. */
import { Check, CloudOff, Eye, LoaderCircle } from "lucide-react";
import { useStore } from "zustand";
import { errorText } from "../../app/api-problem.ts";
import { logFault } from "../../app/page-log.ts";
import { useApp } from "../../app/services.ts";
import { ensureProject } from "../projects/promote-sample.ts";
import { saveWords } from "./save-words.ts";

const Promotion = () => {
  const app = useApp();
  const state = useStore(app.projects, (projects) => projects.state);
  if (state.kind !== "sample" || state.promotion.kind === "none") return null;
  if (state.promotion.kind === "running") {
    return (
      <span className="save-state" data-tone="busy">
        <LoaderCircle size={14} aria-hidden /> <span>Saving…</span>
      </span>
    );
  }
  return (
    <span className="save-state" data-tone="warn" title={errorText(state.promotion.error)}>
      <CloudOff size={14} aria-hidden /> <span>Not saved</span>
      <button
        className="link-button"
        onClick={() => {
          ensureProject(app).catch((error: unknown) => logFault("project-not-made", error));
        }}
      >
        Try again
      </button>
    </span>
  );
};

export const SaveStateLabel = () => {
  const app = useApp();
  const isOpen = useStore(app.projects, ({ state }) => state.kind === "open");
  const save = useStore(app.tabs, ({ saves, shown }) => saves.get(shown ?? ""));
  if (!isOpen) return <Promotion />;
  if (!save) return null;
  const { tone, text, short } = saveWords(save);
  const isOnlyRead = save.kind === "read-only" && save.reason !== "unreachable";
  const Icon = tone === "good" ? Check : tone === "busy" ? LoaderCircle : isOnlyRead ? Eye : CloudOff;
  return (
    <span className="save-state" data-tone={tone} data-state={save.kind} title={text}>
      <Icon size={14} aria-hidden />
      <span className="save-long">{text}</span>
      <span className="save-short" aria-hidden>
        {short}
      </span>
    </span>
  );
};
