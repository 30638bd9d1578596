/** The open project and its state. */
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
  /** It was open until the user lost access, or the project was deleted. */
  | { kind: "lost"; project: Project }
  /** The user moved it to the bin, and may restore it once the server has answered. */
  | { kind: "deleted"; project: Project; deleting: Promise<unknown> }
  /** The server allows no guests: the user has to sign in first. */
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

/** Updates the open project, unless it has newer values: responses and events arrive in any order. */
export const takeProjectFacts = (store: ProjectStore, projectId: string, facts: ProjectFacts): void => {
  const project = openProjectOf(store);
  if (project?.id !== projectId || facts.updatedAt < project.updatedAt) return;
  const { name, description, visibility, keepRunFiles, updatedAt } = facts;
  const changed = { ...project, name, description, visibility, keepRunFiles, updatedAt };
  setProjectState(store, { kind: "open", project: changed });
};

/** @throws Error when no project is open: the caller's control should not have been shown */
export const requireProject = (store: ProjectStore): Project => {
  const project = openProjectOf(store);
  if (!project) throw new Error("no project is open");
  return project;
};

export const mayEdit = (state: ProjectState): boolean =>
  state.kind === "sample" || (state.kind === "open" && state.project.role !== "viewer");
