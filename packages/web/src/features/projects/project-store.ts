/** Which project the page is in, and how it got there. */
import type { Boot, Project, ProjectFacts } from "@atelier/contracts";
import { createStore, type StoreApi } from "zustand/vanilla";

export type Sample = NonNullable<Boot["sample"]>;

/** `sample`: nothing exists on the server yet. `promotion`: making the sample a project, at the first edit or run. */
export type ProjectState =
  | {
      kind: "sample";
      sample: Sample;
      promotion: { kind: "none" } | { kind: "running" } | { kind: "failed"; error: unknown };
    }
  | { kind: "loading"; what: "project" | "share-link" }
  | { kind: "open"; project: Project }
  | { kind: "missing"; what: "project" | "share-link" | "page" }
  /** It was open until the reader's rights, or the project itself, were taken away. */
  | { kind: "lost"; project: Project }
  /** The user moved it to the bin, and may restore it once the server has answered. */
  | { kind: "deleted"; project: Project; deleting: Promise<unknown> }
  /** Nobody is a guest here: a sign-in comes first. */
  | { kind: "sign-in"; reason: string }
  | { kind: "failed"; error: unknown; retry: () => void };

export type ProjectStore = StoreApi<{ readonly state: ProjectState }>;

export const createProjectStore = (): ProjectStore =>
  createStore(() => ({ state: { kind: "loading", what: "project" } as ProjectState }));

export const setProjectState = (store: ProjectStore, state: ProjectState): void => store.setState({ state });

export const openProjectOf = (store: ProjectStore): Project | undefined => {
  const { state } = store.getState();
  return state.kind === "open" ? state.project : undefined;
};

/** Takes facts of the open project, unless it knows newer ones: answers and events come in any order. */
export const takeProjectFacts = (store: ProjectStore, projectId: string, facts: ProjectFacts): void => {
  const project = openProjectOf(store);
  if (project?.id !== projectId || facts.updatedAt < project.updatedAt) return;
  const { name, description, visibility, keepRunFiles, updatedAt } = facts;
  const changed = { ...project, name, description, visibility, keepRunFiles, updatedAt };
  setProjectState(store, { kind: "open", project: changed });
};

/** @throws Error when no project is open: the caller's control should not have been there */
export const requireProject = (store: ProjectStore): Project => {
  const project = openProjectOf(store);
  if (!project) throw new Error("no project is open");
  return project;
};

export const mayEdit = (state: ProjectState): boolean =>
  state.kind === "sample" || (state.kind === "open" && state.project.role !== "viewer");
