/** Makes the sample a real project at the first edit or run: guest, project, file, then the editor goes live in place. */
import { type Project, routes } from "@atelier/contracts";
import { errorText, isProblem } from "../../app/api-problem.ts";
import type { App } from "../../app/services.ts";
import { entryAt } from "../files/entries.ts";
import { enterProject } from "./enter-project.ts";
import { type ProjectState, type Sample, setProjectState } from "./project-store.ts";

type SampleState = ProjectState & { kind: "sample" };
let underWay: Promise<Project> | undefined;

const makeProject = async (app: App, sample: Sample): Promise<Project> => {
  const language = app.boot.languages.find(({ id }) => id === sample.language);
  const name = `${language?.name ?? "New"} sketch`;
  await app.session.ensure();
  const project = await app.call(routes.createProject, { body: { name, template: sample.language } });
  const params = { projectId: project.id };
  const { entries } = await app.call(routes.tree, { params });
  let file = entryAt(new Map(entries.map((entry) => [entry.id, entry])), sample.path);
  if (!file) {
    file = await app.call(routes.createFile, { params, body: { path: sample.path, content: sample.content } });
    entries.push(file);
  }
  app.editor.promote(sample.path, { projectId: project.id, fileId: file.id });
  await enterProject(app, { project, entries, promotedFileId: file.id });
  return project;
};

const promote = async (app: App, state: SampleState): Promise<Project> => {
  setProjectState(app.projects, { ...state, promotion: { kind: "running" } });
  try {
    return await makeProject(app, state.sample);
  } catch (error) {
    if (app.projects.getState().state.kind === "sample") {
      setProjectState(app.projects, { ...state, promotion: { kind: "failed", error } });
    }
    if (isProblem(error, "identity/guests-closed")) {
      app.dialogs.setState(
        { kind: "account", form: "log-in", reason: "Sign in to keep and run what you write." },
        true,
      );
    }
    throw error;
  }
};

/** The open project; the sample becomes one first. @throws ApiProblem, Unreachable, Error when there is neither */
export const ensureProject = async (app: App): Promise<Project> => {
  const { state } = app.projects.getState();
  if (state.kind === "open") return state.project;
  if (state.kind !== "sample") throw new Error("there is no project here");
  underWay ??= promote(app, state).finally(() => {
    underWay = undefined;
  });
  return underWay;
};

/** What the top bar says while the sample has not become a project. */
export const promotionWords = ({ promotion }: SampleState): string | undefined => {
  if (promotion.kind === "running") return "Saving…";
  if (promotion.kind === "failed") return `Not saved. ${errorText(promotion.error)}`;
  return undefined;
};
