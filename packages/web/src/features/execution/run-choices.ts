/** The run configurations of the open project: read when its files change, and what Run starts among them. */
import { type RunConfiguration, routes } from "@atelier/contracts";
import { defaultChoice } from "@atelier/run-configurations/choice";
import { logFault } from "../../app/page-log.ts";
import type { App } from "../../app/services.ts";
import { filesOf } from "../files/entries.ts";
import { openProjectOf } from "../projects/project-store.ts";
import { OPEN_FILE } from "./run-choice-store.ts";
import { RunMenu } from "./run-menu.tsx";
import { languageOf, shownPath } from "./run-target.ts";

/** Typing in a manifest becomes a version now and then; a build tool writes many files at once. */
const QUIET_MS = 600;

/** Files whose content decides what there is to run; of the others only that they exist. */
const SAYS_WHAT_RUNS =
  /(?:^|\/)(?:atelier\.json|package\.json|tsconfig\.json|Cargo\.toml|go\.mod|pom\.xml|build\.gradle(?:\.kts)?|(?:GNUm|[Mm])akefile|CMakeLists\.txt|pyproject\.toml|requirements\.txt|dub\.json|shard\.yml|mix\.exs|Rakefile|Gemfile|[^/]+\.csproj)$/u;

const fingerprint = (app: App): string =>
  filesOf(app.files.getState().entries)
    .map(({ path, version }) => (SAYS_WHAT_RUNS.test(path) ? `${path}@${version}` : path))
    .toSorted()
    .join("\n");

/** Whether the configuration is only the open file, as Run starts it anyway. */
const isOpenFile = ({ entryPoint, command, args, unavailable }: RunConfiguration, path: string | undefined): boolean =>
  command === undefined && entryPoint === path && args.length === 0 && unavailable === undefined;

/** What Run starts now, and whether there is anything to choose. */
const decide = (app: App): void => {
  const { configurations = [], chosen, options } = app.runChoice.getState();
  const path = shownPath(app);
  const open = path === undefined ? undefined : { path, language: languageOf(path, app.boot.languages)?.id };
  const found = configurations.find(({ name }) => name === chosen);
  const choice = found === undefined && chosen !== OPEN_FILE ? defaultChoice(configurations, open) : undefined;
  const wanted = found ?? (choice && "configuration" in choice ? choice.configuration : undefined);
  // A file that is run by itself has no name of its own: it follows what is open.
  const current = wanted !== undefined && isOpenFile(wanted, path) ? undefined : wanted;
  const isMore = configurations.some((one) => !isOpenFile(one, path)) || Object.keys(options).length > 0;
  app.runChoice.setState({ current, Menu: isMore ? RunMenu : undefined });
};

/** Reads the configurations of the open project. @throws ApiProblem, Unreachable */
export const readConfigurations = async (app: App): Promise<void> => {
  const project = openProjectOf(app.projects);
  if (project === undefined) return;
  const configurations = await app.call(routes.listConfigurations, { params: { projectId: project.id } });
  if (openProjectOf(app.projects)?.id !== project.id) return;
  app.runChoice.setState({ configurations });
  decide(app);
};

/** Keeps them true until the returned function is called. */
export const followConfigurations = (app: App): (() => void) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let known = "";
  const read = (): void => {
    known = fingerprint(app);
    readConfigurations(app).catch((error: unknown) => logFault("configurations-not-read", error));
  };
  const look = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (fingerprint(app) !== known) read();
    }, QUIET_MS);
  };
  const releases = [
    app.files.subscribe((now, before) => {
      if (now.entries !== before.entries) look();
    }),
    app.tabs.subscribe((now, before) => {
      if (now.shown !== before.shown) decide(app);
    }),
    app.runChoice.subscribe((now, before) => {
      if (now.chosen !== before.chosen || now.options !== before.options) decide(app);
    }),
  ];
  if (app.runChoice.getState().configurations === undefined) read();
  else known = fingerprint(app);
  decide(app);
  return () => {
    clearTimeout(timer);
    for (const release of releases) release();
  };
};
