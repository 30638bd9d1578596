/** Opens a project (address, tree, events, the tabs of the last visit, the file to show) and leaves it. */
import { type Entry, firstFile, type Project, routes } from "@atelier/contracts";
import { parseAddress } from "../../app/address.ts";
import { narrowWindow } from "../../app/narrow-window.ts";
import type { ProjectScope } from "../../app/project-scope.ts";
import { logFault } from "../../app/page-log.ts";
import type { App } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import { followChoices } from "../execution/late-run-choices.ts";
import { resetRunChoice } from "../execution/run-choice-store.ts";
import { leaveRuns } from "../execution/run-control.ts";
import { resumeRun } from "../execution/run-view.ts";
import { entryAt } from "../files/entries.ts";
import { keepEditorState, type KeptTabs, loadEditorState } from "../files/editor-state.ts";
import { followAddress, forgetStep } from "../files/follow-address.ts";
import { followEntries } from "../files/follow-entries.ts";
import { expandTo, resetFiles, setEntries, setExpanded } from "../files/files-store.ts";
import { addressOf, closeFile, followProjectName, openFile } from "../files/open-file.ts";
import { allOpen, joinKept, resetTabs } from "../files/tabs-store.ts";
import { listenToProject } from "./project-events.ts";
import { setProjectState } from "./project-store.ts";

export type EnterOptions = {
  readonly project: Project;
  /** Known already, from the first HTML response or from making the project. */
  readonly entries?: readonly Entry[] | undefined;
  /** The file whose text is on the page already. */
  readonly file?: { readonly id: string; readonly content: string } | undefined;
  /** The sample became this project: its file is shown already and is not opened again. */
  readonly promotedFileId?: string | undefined;
};

/** The editor groups of the last visit; one group if their code can't be loaded. */
const restoreGroups = async (app: App, scope: ProjectScope, kept: KeptTabs): Promise<void> => {
  try {
    const groups = await import("../files/editor-groups.ts");
    await groups.restoreGroups(app, scope, kept);
  } catch (error) {
    logFault("group-not-restored", error);
  }
};

/**
 * @param guessed the file that is shown because no other was asked for
 * @returns whether the user opened, closed or showed a file meanwhile, and whether a layout was kept
 */
const restoreTabs = async (
  app: App,
  scope: ProjectScope,
  { project, guessed }: { readonly project: Project; readonly guessed: string | undefined },
): Promise<{ readonly isChanged: boolean; readonly hasLayout: boolean }> => {
  const before = app.tabs.getState();
  const kept = await loadEditorState(app, project.id);
  const hasLayout = kept.layout !== undefined;
  if (scope.isLeft) return { isChanged: false, hasLayout };
  if (kept.layout) app.layout.setState(kept.layout);
  const { chosen, options } = app.runChoice.getState();
  if (chosen === undefined && Object.keys(options).length === 0) app.runChoice.setState(kept.run);
  const after = app.tabs.getState();
  const isChanged = after.open !== before.open || after.shown !== before.shown;
  const { entries } = app.files.getState();
  const present = (ids: readonly string[]): string[] => ids.filter((id) => entries.get(id)?.kind === "file");
  const open = present(kept.open);
  const wanted = kept.shown !== undefined && open.includes(kept.shown) ? kept.shown : open[0];
  app.tabs.setState(({ open: now }) => ({ open: [...new Set([...open, ...now])] }));
  if (kept.beside && narrowWindow().matches) {
    // Set at once, so that a layout that is stored from now on still has two groups.
    joinKept(app.tabs, { first: { ...kept, open }, second: { ...kept.beside, open: present(kept.beside.open) } });
  } else if (kept.beside) void restoreGroups(app, scope, kept);
  const { shown, saves } = app.tabs.getState();
  if (guessed === undefined || wanted === undefined || wanted === guessed || shown !== guessed)
    return { isChanged, hasLayout };
  // A user who can type may be typing: the next key must not reach another file.
  if (saves.get(guessed)?.kind !== "read-only") return { isChanged, hasLayout };
  forgetStep();
  openFile(app, wanted, { focus: false });
  if (!open.includes(guessed)) closeFile(app, guessed);
  return { isChanged, hasLayout };
};

/** The file of the address. A folder is opened in the tree instead; a missing file causes a message. */
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

/** The tree of the project, as it came with the page or as the server has it. @throws ApiProblem, Unreachable */
const readEntries = async (app: App, { project, entries }: EnterOptions): Promise<readonly Entry[]> => {
  if (entries) return entries;
  app.files.setState({ status: "loading" });
  return (await app.call(routes.tree, { params: { projectId: project.id } })).entries;
};

/** The file of the address, or else the likeliest one, because an editor without a file accepts no keys and has no focus. */
const showFirst = (app: App, options: EnterOptions): { guessed: string | undefined } => {
  const asked = fileInAddress(app);
  const known = asked?.id ?? options.file?.id;
  const first = known ?? firstFile(app.files.getState().entries.values())?.id;
  if (options.promotedFileId !== undefined) {
    app.tabs.setState({ open: [options.promotedFileId], shown: options.promotedFileId });
  } else if (first !== undefined) {
    const line = asked?.line === undefined ? {} : { line: asked.line };
    const text = options.file?.id === first ? { initialText: options.file.content } : {};
    openFile(app, first, { ...line, ...text, focus: false });
  }
  return { guessed: known === undefined ? first : undefined };
};

/** Removes all state of the project from the page; unsaved text stays on this device. */
const clear = (app: App): void => {
  // While the tree still has their entries.
  void app.deletions.settle();
  leaveRuns(app.runControl);
  resetRunChoice(app.runChoice);
  app.console.setState({ hasSelection: false, isFinding: false });
  app.runs.getState().output.clear();
  app.runs.setState({ state: { kind: "idle" }, awaitsInput: false, other: undefined });
  for (const fileId of allOpen(app.tabs.getState())) app.editor.close(fileId);
  if (app.tabs.getState().beside) app.editor.unsplit(0);
  resetTabs(app.tabs);
  resetFiles(app.files);
  app.comparison.setState({ fileId: undefined });
};

const stay = async (app: App, scope: ProjectScope, options: EnterOptions): Promise<void> => {
  const { project } = options;
  const entries = await readEntries(app, options);
  if (scope.isLeft) return;
  setEntries(app.files, entries);
  scope.add(() => clear(app));
  const { guessed } = showFirst(app, options);
  scope.add(followEntries(app));
  scope.add(followProjectName(app));
  scope.add(followAddress(app));
  scope.add(listenToProject(app, project.id));
  followChoices(app, scope);
  let known = { isChanged: false, hasLayout: false };
  if (options.promotedFileId === undefined) {
    known = await restoreTabs(app, scope, { project, guessed });
    if (scope.isLeft) return;
    void resumeRun(app, project.id);
  }
  scope.add(keepEditorState(app, project.id, known));
};

/**
 * Opens a project and leaves the one before. A failed attempt releases everything and can be repeated.
 * @throws ApiProblem, Unreachable when the tree can't be had
 */
export const enterProject = async (app: App, options: EnterOptions): Promise<void> => {
  const { project } = options;
  const scope = app.scopes.enter();
  const address = addressOf(app, project.slug);
  if (location.pathname !== address) history.replaceState(null, "", address);
  setProjectState(app.projects, { kind: "open", project });
  try {
    await stay(app, scope, options);
  } catch (error) {
    if (!scope.isLeft) app.scopes.leave();
    throw error;
  }
};
