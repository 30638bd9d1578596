/** Below the output of an ended run: links to the files that it wrote, and hints on what may be wrong with its files. */
import { type Project, routes } from "@atelier/contracts";
import { FileOutput, Lightbulb } from "lucide-react";
import { useState } from "react";
import { useStore } from "zustand";
import { errorText } from "../../app/api-problem.ts";
import { type App, useApp } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import { openPath } from "../files/open-file.ts";
import { takeProjectFacts } from "../projects/project-store.ts";
import type { ExecutionSummary } from "./run-store.ts";
import "./written-files.css";
import { writtenFiles } from "./written-files.ts";

/** At most so many names are shown. */
const MOST_LINKS = 8;

const keepFiles = async (app: App, project: Project, keepRunFiles: boolean): Promise<void> => {
  try {
    const changed = await app.call(routes.updateProject, { params: { projectId: project.id }, body: { keepRunFiles } });
    takeProjectFacts(app.projects, project.id, changed);
  } catch (error) {
    showToast({ text: `The setting was not changed. ${errorText(error)}`, tone: "bad" });
  }
};

/** The project's setting: the owner can switch it, others see when it is off. */
const Setting = ({ project }: { readonly project: Project }) => {
  const app = useApp();
  const { keepRunFiles, role } = project;
  // Shown at once, before the server has answered.
  const [wanted, setWanted] = useState<boolean>();
  const change = async (next: boolean): Promise<void> => {
    setWanted(next);
    await keepFiles(app, project, next);
    setWanted(undefined);
  };
  if (role !== "owner")
    return keepRunFiles ? null : <span>This project does not store files that programs write.</span>;
  return (
    <label className="written-setting">
      <input type="checkbox" checked={wanted ?? keepRunFiles} onChange={(event) => void change(event.target.checked)} />
      Keep files that programs write
    </label>
  );
};

export const WrittenFilesLine = ({ execution }: { readonly execution: ExecutionSummary }) => {
  const app = useApp();
  const project = useStore(app.projects, ({ state }) => (state.kind === "open" ? state.project : undefined));
  const { headline, written, notes } = writtenFiles(execution.collected);
  const showsSetting = project !== undefined && (headline !== "" || notes.length > 0 || !project.keepRunFiles);
  if (!showsSetting && execution.hints.length === 0) return null;
  return (
    <section className="written-files" aria-label="Files of the run">
      {execution.hints.map(({ message }) => (
        <p key={message} className="written-hint">
          <Lightbulb size={14} aria-hidden /> {message}
        </p>
      ))}
      {showsSetting && (
        <div className="written-row">
          {headline !== "" && (
            <span className="written-names">
              <FileOutput size={14} aria-hidden />
              <b>{headline}</b>
              {written.slice(0, MOST_LINKS).map((path) => (
                <button key={path} className="link-button" onClick={() => openPath(app, path)}>
                  {path}
                </button>
              ))}
              {written.length > MOST_LINKS && <span>and {written.length - MOST_LINKS} more</span>}
            </span>
          )}
          {notes.map((note) => (
            <span key={note} className="written-note">
              {note}
            </span>
          ))}
          <span className="bar-space" />
          <Setting project={project} />
        </div>
      )}
    </section>
  );
};
