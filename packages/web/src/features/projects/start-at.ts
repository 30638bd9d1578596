/** Decides what the page shows first, by its address and the boot JSON. */
import { type Boot, routes } from "@atelier/contracts";
import { type Address, newAddress, parseAddress } from "../../app/address.ts";
import { ApiProblem, isProblem, Unreachable } from "../../app/api-problem.ts";
import { fetchBoot } from "../../app/boot.ts";
import { logFault } from "../../app/page-log.ts";
import type { App } from "../../app/services.ts";
import { enterProject } from "./enter-project.ts";
import { ensureProject } from "./promote-sample.ts";
import { type Sample, setProjectState } from "./project-store.ts";

/** Shows a sample; nothing is created on the server. */
export const showSample = (app: App, sample: Sample): void => {
  setProjectState(app.projects, { kind: "sample", sample, promotion: { kind: "none" } });
  app.editor.open({ kind: "local", path: sample.path, text: sample.content });
  document.title = "Atelier";
};

/** A chip was chosen: another language's sample, under its own address. */
export const chooseSample = (app: App, languageId: string): void => {
  const language = app.boot.languages.find(({ id }) => id === languageId);
  if (!language) return;
  const { path, content } = language.sample;
  const address = newAddress(app.boot.basePath, language.id);
  // The server puts the sample of this address into the page.
  if (content === undefined) return location.assign(address);
  history.replaceState(null, "", address);
  showSample(app, { language: language.id, path, content });
};

const enterFrom = async (app: App, boot: Boot): Promise<boolean> => {
  if (!boot.project) return false;
  await enterProject(app, { project: boot.project, entries: boot.entries, file: boot.file });
  return true;
};

const SIGN_IN_REASONS = {
  home: "This editor is for people with an account.",
  project: "Sign in to see whether this project is shared with you.",
  "share-link": "Sign in to join the project that was shared with you.",
} as const;

/** On a server without guests, shows the sign-in on every page to visitors without a sign-in. @returns true when it does */
const askToSignIn = (app: App, at: keyof typeof SIGN_IN_REASONS): boolean => {
  if (app.boot.guests || app.session.user()) return false;
  setProjectState(app.projects, { kind: "sign-in", reason: SIGN_IN_REASONS[at] });
  return true;
};

/** Lets the user type at once into the file that the server rendered into the page, before other requests have ended. */
const showFirstFile = ({ boot: { project, file }, editor }: App): void => {
  if (!project || !file) return;
  const { id: fileId, path, content: initialText } = file;
  const readOnly = project.role === "viewer";
  editor.open({ kind: "live", projectId: project.id, fileId, path, initialText, readOnly });
};

/** A request after a link from another site has no cookie, because it is SameSite=Strict: the page repeats it with the cookie. */
const openProject = async (app: App): Promise<void> => {
  showFirstFile(app);
  await app.session.restore(app.boot.project !== undefined || app.boot.user !== undefined);
  // A public project is shown live as well, which needs a sign-in.
  if (app.boot.project && app.boot.guests) await app.session.ensure();
  if (await enterFrom(app, app.boot)) return;
  const again = app.session.user() ? await fetchBoot(location.href) : undefined;
  if (again && (await enterFrom(app, again))) return;
  // Unknown whether the project exists: the server could not read it.
  if ((again ?? app.boot).notFound !== true) throw new Unreachable("the project could not be read");
  if (!askToSignIn(app, "project")) setProjectState(app.projects, { kind: "missing", what: "project" });
};

const joinByLink = async (app: App, token: string): Promise<void> => {
  await app.session.restore(app.boot.user !== undefined);
  if (askToSignIn(app, "share-link")) return;
  await app.session.ensure();
  const project = await app.call(routes.acceptLink, { params: { token } });
  await enterProject(app, { project });
};

const route = async (app: App, address: Address): Promise<void> => {
  switch (address.kind) {
    case "project":
      setProjectState(app.projects, { kind: "loading", what: "project" });
      return openProject(app);
    case "share":
      setProjectState(app.projects, { kind: "loading", what: "share-link" });
      return joinByLink(app, address.token);
    case "home":
    case "new": {
      const { boot, session } = app;
      // A required sign-in comes first; otherwise the sample is shown at once.
      if (!boot.guests) await session.restore(boot.user !== undefined);
      if (askToSignIn(app, "home")) return undefined;
      const language = boot.languages.find(({ id }) => address.kind === "new" && id === address.template);
      const [first] = language ? [language] : boot.languages;
      const [path, content] = [first?.sample.path, first?.sample.content];
      const told =
        first && path !== undefined && content !== undefined ? { language: first.id, path, content } : undefined;
      const sample = boot.sample ?? told;
      if (sample) showSample(app, sample);
      else setProjectState(app.projects, { kind: "missing", what: "page" });
      return boot.guests ? session.restore(boot.user !== undefined) : undefined;
    }
    case "unknown":
      setProjectState(app.projects, { kind: "missing", what: "page" });
      return undefined;
  }
};

const fail = (app: App, address: Address, error: unknown): void => {
  if (isProblem(error, "projects/no-such-link")) {
    setProjectState(app.projects, { kind: "missing", what: "share-link" });
  } else if (app.projects.getState().state.kind === "sample") {
    logFault("sign-in-not-restored", error);
  } else if (error instanceof ApiProblem && error.status === 404) {
    setProjectState(app.projects, { kind: "missing", what: "project" });
  } else {
    setProjectState(app.projects, { kind: "failed", error, retry: () => void startAt(app) });
  }
};

/** The sample becomes a project at its first edit. Called once. */
export const promoteAtFirstEdit = (app: App): void => {
  app.editor.onFirstEdit(() => {
    ensureProject(app).catch((error: unknown) => logFault("project-not-made", error));
  });
};

/** Never rejects: a failure becomes the project's state. May be called again after a failure. */
export const startAt = async (app: App): Promise<void> => {
  const address = parseAddress(new URL(location.href), app.boot.basePath);
  try {
    await route(app, address);
  } catch (error) {
    fail(app, address, error);
  }
};
