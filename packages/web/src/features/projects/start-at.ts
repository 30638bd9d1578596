/** Decides what the page shows first, by its address and by what the server put into it. */
import { type Boot, routes } from "@atelier/contracts";
import { type Address, newAddress, parseAddress } from "../../app/address.ts";
import { ApiProblem, isProblem, Unreachable } from "../../app/api-problem.ts";
import { fetchBoot } from "../../app/boot.ts";
import { logFault } from "../../app/page-log.ts";
import type { App } from "../../app/services.ts";
import { enterProject } from "./enter-project.ts";
import { ensureProject } from "./promote-sample.ts";
import { type Sample, setProjectState } from "./project-store.ts";

/** Puts a sample in front of the visitor; nothing is made on the server. */
export const showSample = (app: App, sample: Sample): void => {
  setProjectState(app.projects, { kind: "sample", sample, promotion: { kind: "none" } });
  app.editor.open({ kind: "local", path: sample.path, text: sample.content });
  document.title = "Atelier";
};

/** A chip was chosen: another language's sample, under its own address. */
export const chooseSample = (app: App, languageId: string): void => {
  const language = app.boot.languages.find(({ id }) => id === languageId);
  if (!language) return;
  history.replaceState(null, "", newAddress(app.boot.basePath, language.id));
  showSample(app, { language: language.id, ...language.sample });
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

/** Without guests a stranger is asked to sign in, wherever they came to. @returns true when they are */
const askToSignIn = (app: App, at: keyof typeof SIGN_IN_REASONS): boolean => {
  if (app.boot.guests || app.session.user()) return false;
  setProjectState(app.projects, { kind: "sign-in", reason: SIGN_IN_REASONS[at] });
  return true;
};

/** Keys go into the file that the server put into the page from its first moment on, whatever is still to be asked. */
const showFirstFile = ({ boot: { project, file }, editor }: App): void => {
  if (!project || !file) return;
  const { id: fileId, path, content: initialText } = file;
  const readOnly = project.role === "viewer";
  editor.open({ kind: "live", projectId: project.id, fileId, path, initialText, readOnly });
};

/** A link from another site comes without the Strict cookie: asked again from the page itself, the server knows us. */
const openProject = async (app: App): Promise<void> => {
  showFirstFile(app);
  await app.session.restore(app.boot.project !== undefined || app.boot.user !== undefined);
  // What everybody may see is seen live as well, which takes a user.
  if (app.boot.project && app.boot.guests) await app.session.ensure();
  if (await enterFrom(app, app.boot)) return;
  const again = app.session.user() ? await fetchBoot(location.href) : undefined;
  if (again && (await enterFrom(app, again))) return;
  // Neither there nor missing: the server could not look.
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
      // A closed door comes first; else the sample waits for nothing.
      if (!boot.guests) await session.restore(boot.user !== undefined);
      if (askToSignIn(app, "home")) return undefined;
      const language = boot.languages.find(({ id }) => address.kind === "new" && id === address.template);
      const [first] = language ? [language] : boot.languages;
      const sample = boot.sample ?? (first && { language: first.id, ...first.sample });
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

/** Never rejects: what goes wrong becomes the project's state. May be called again after that. */
export const startAt = async (app: App): Promise<void> => {
  const address = parseAddress(new URL(location.href), app.boot.basePath);
  try {
    await route(app, address);
  } catch (error) {
    fail(app, address, error);
  }
};
