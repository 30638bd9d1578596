/** Turns the sample into a project at the first edit or run: creates guest, project and file, then connects the editor. */
import { type Project, routes } from "@atelier/contracts";
import { ApiProblem, isProblem, Unreachable } from "../../app/api-problem.ts";
import { retryDelayMs } from "../../app/reconnecting-socket.ts";
import { logFault } from "../../app/page-log.ts";
import type { App } from "../../app/services.ts";
import { entryAt } from "../files/entries.ts";
import { enterProject } from "./enter-project.ts";
import { type ProjectState, type Sample, setProjectState } from "./project-store.ts";

type SampleState = ProjectState & { kind: "sample" };

/** Progress of turning the sample into a project. */
export type Promotion = {
  underWay: Promise<Project> | undefined;
  /** Created by a try that failed later: the next try continues with it instead of creating a second one. */
  unfinished: { readonly language: string; readonly project: Project } | undefined;
  failures: number;
};

export const createPromotion = (): Promotion => ({ underWay: undefined, unfinished: undefined, failures: 0 });

const LONGEST_WAIT_MS = 5_000;

const createOrFind = async (app: App, { language: id }: Sample): Promise<Project> => {
  const { unfinished } = app.promotion;
  if (unfinished?.language === id) return unfinished.project;
  const language = app.boot.languages.find((other) => other.id === id);
  const name = `${language?.name ?? "New"} sketch`;
  const project = await app.call(routes.createProject, { body: { name, template: id } });
  app.promotion.unfinished = { language: id, project };
  return project;
};

const makeProject = async (app: App, sample: Sample): Promise<Project> => {
  await app.session.ensure();
  const project = await createOrFind(app, sample);
  const params = { projectId: project.id };
  const { entries } = await app.call(routes.tree, { params });
  let file = entryAt(new Map(entries.map((entry) => [entry.id, entry])), sample.path);
  if (!file) {
    file = await app.call(routes.createFile, { params, body: { path: sample.path, content: sample.content } });
    entries.push(file);
  }
  app.editor.promote(sample.path, { projectId: project.id, fileId: file.id });
  app.promotion.unfinished = undefined;
  await enterProject(app, { project, entries, promotedFileId: file.id });
  return project;
};

const isPassing = (error: unknown): boolean =>
  error instanceof Unreachable || (error instanceof ApiProblem && error.body.retryable);

/** Retries without another action of the user, as soon as the server can be reached, so that typed text is saved. */
const retryLater = (app: App): void => {
  app.promotion.failures += 1;
  const again = (): void => {
    clearTimeout(timer);
    removeEventListener("online", again);
    ensureProject(app).catch((error: unknown) => logFault("project-not-made", error));
  };
  const timer = setTimeout(again, Math.min(LONGEST_WAIT_MS, retryDelayMs(app.promotion.failures, Math.random())));
  addEventListener("online", again);
};

const promote = async (app: App, state: SampleState): Promise<Project> => {
  setProjectState(app.projects, { ...state, promotion: { kind: "running" } });
  try {
    return await makeProject(app, state.sample);
  } catch (error) {
    if (app.projects.getState().state.kind === "sample") {
      setProjectState(app.projects, { ...state, promotion: { kind: "failed", error } });
      if (isPassing(error)) retryLater(app);
    }
    if (isProblem(error, "identity/guests-closed")) {
      app.dialogs.setState({ kind: "account", form: "log-in", reason: "Sign in to save and run your code." }, true);
    }
    throw error;
  }
};

/** The open project; the sample becomes one first. @throws ApiProblem, Unreachable, Error when there is neither */
export const ensureProject = async (app: App): Promise<Project> => {
  const { state } = app.projects.getState();
  if (state.kind === "open") return state.project;
  if (state.kind !== "sample") throw new Error("there is no project here");
  const { promotion } = app;
  promotion.underWay ??= promote(app, state).finally(() => {
    promotion.underWay = undefined;
  });
  return promotion.underWay;
};
