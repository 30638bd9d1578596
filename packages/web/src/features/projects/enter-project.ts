/** Goes into a project: address, tree, events, the tabs of last time, the file to show. */
import { type Entry, firstFile, type Project, routes } from "@atelier/contracts";
import { parseAddress } from "../../app/address.ts";
import type { App } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import { resumeRun } from "../execution/run-view.ts";
import { entryAt } from "../files/entries.ts";
import { keepEditorState, loadEditorState } from "../files/editor-state.ts";
import { followAddress, forgetStep } from "../files/follow-address.ts";
import { followEntries } from "../files/follow-entries.ts";
import { expandTo, setEntries, setExpanded } from "../files/files-store.ts";
import { addressOf, closeFile, followProjectName, openFile } from "../files/open-file.ts";
import { listenToProject } from "./project-events.ts";
import { setProjectState } from "./project-store.ts";

export type EnterOptions = {
  readonly project: Project;
  /** Known already, from the first HTML response or from making the project. */
  readonly entries?: readonly Entry[] | undefined;
  /** The file whose text is on the page already. */
  readonly file?: { readonly id: string; readonly content: string } | undefined;
  /** The sample became this project: its file is shown and was handed over, nothing is opened anew. */
  readonly promotedFileId?: string | undefined;
};

/**
 * @param guessed the file that is shown because no other was asked for
 * @returns whether the user opened, closed or showed a file meanwhile
 */
const restoreTabs = async (app: App, project: Project, guessed: string | undefined): Promise<boolean> => {
  const before = app.tabs.getState();
  const kept = await loadEditorState(app, project.id);
  const after = app.tabs.getState();
  const isChanged = after.open !== before.open || after.shown !== before.shown;
  const { entries } = app.files.getState();
  const open = kept.open.filter((id) => entries.get(id)?.kind === "file");
  const wanted = kept.shown !== undefined && open.includes(kept.shown) ? kept.shown : open[0];
  app.tabs.setState(({ open: now }) => ({ open: [...new Set([...open, ...now])] }));
  const { shown, saves } = app.tabs.getState();
  if (guessed === undefined || wanted === undefined || wanted === guessed || shown !== guessed) return isChanged;
  // A user who may type by now perhaps does: the next key must not go into another file.
  if (saves.get(guessed)?.kind !== "read-only") return isChanged;
  forgetStep();
  openFile(app, wanted, { focus: false });
  if (!open.includes(guessed)) closeFile(app, guessed);
  return isChanged;
};

/** The file that the address asks for. A folder is opened in the tree instead, and what is not here is said. */
const fileInAddress = (app: App): { id: string; line?: number } | undefined => {
  const address = parseAddress(new URL(location.href), app.boot.basePath);
  if (address.kind !== "project" || !address.file) return undefined;
  const { path, line } = address.file;
  const entry = entryAt(app.files.getState().entries, path);
  if (entry?.kind === "file") return line === undefined ? { id: entry.id } : { id: entry.id, line };
  if (entry) {
    expandTo(app.files, entry.path);
    setExpanded(app.files, entry.id, true);
    app.layout.setState({ filesShown: true });
  } else showToast({ text: `There is no ${path} in this project.`, tone: "bad" });
  return undefined;
};

/** @throws ApiProblem, Unreachable when the tree can't be had */
export const enterProject = async (app: App, options: EnterOptions): Promise<void> => {
  const { project } = options;
  const address = addressOf(app, project.slug);
  if (location.pathname !== address) history.replaceState(null, "", address);
  setProjectState(app.projects, { kind: "open", project });
  if (options.entries) {
    setEntries(app.files, options.entries);
  } else {
    app.files.setState({ status: "loading" });
    setEntries(app.files, (await app.call(routes.tree, { params: { projectId: project.id } })).entries);
  }

  const asked = fileInAddress(app);
  const known = asked?.id ?? options.file?.id;
  // An editor without a file takes no keys, and lets go of the keyboard: the likeliest file, until the tabs are known.
  const first = known ?? firstFile(app.files.getState().entries.values())?.id;
  if (options.promotedFileId !== undefined) {
    app.tabs.setState({ open: [options.promotedFileId], shown: options.promotedFileId });
  } else if (first !== undefined) {
    const line = asked?.line === undefined ? {} : { line: asked.line };
    const text = options.file?.id === first ? { initialText: options.file.content } : {};
    openFile(app, first, { ...line, ...text, focus: false });
  }

  followEntries(app);
  followProjectName(app);
  followAddress(app);
  listenToProject(app, project.id);
  let isChanged = false;
  if (options.promotedFileId === undefined) {
    isChanged = await restoreTabs(app, project, known === undefined ? first : undefined);
    void resumeRun(app, project.id);
  }
  keepEditorState(app, project.id, isChanged);
};
