/** Compares the shown file with an older version, side by side or, in a narrow pane, inline. Loaded on demand. */
import { type Entry, routes, type Version } from "@atelier/contracts";
import { ArrowDown, ArrowUp, History, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { errorText } from "../../app/api-problem.ts";
import { type App, useApp } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import type { DiffHandle, GroupSide } from "../editor/index.ts";
import { mayEdit, requireProject } from "../projects/project-store.ts";
import "./comparison.css";
import { nameOf } from "./entries.ts";
import { GROUP_ELEMENTS } from "./group-elements.ts";
import { versionWords } from "./version-words.ts";

/** The wait for pending edits to be saved, so that the newest version contains them. */
const SAVE_WAIT_MS = 3000;

/** The versions, newest first, without one that equals the shown text. @throws ApiProblem, Unreachable */
const readVersions = async (app: App, path: string): Promise<readonly Version[]> => {
  await app.editor.whenSaved(SAVE_WAIT_MS);
  const params = { projectId: requireProject(app.projects).id };
  return (await app.call(routes.history, { params, query: { path } })).versions;
};

/** @throws ApiProblem, Unreachable */
const readText = async (app: App, path: string, version: number): Promise<string> => {
  const params = { projectId: requireProject(app.projects).id };
  const { content = "", encoding } = await app.call(routes.readFile, { params, query: { path, version } });
  return encoding === "base64" ? "" : content;
};

/** The version before the newest one, or that if it is the only one. */
const firstChoice = (versions: readonly Version[]): number | undefined => (versions[1] ?? versions[0])?.version;

type Loaded =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "ready"; readonly versions: readonly Version[] };

const useVersions = (path: string): Loaded => {
  const app = useApp();
  const [loaded, setLoaded] = useState<Loaded>({ kind: "loading" });
  useEffect(() => {
    let isCurrent = true;
    readVersions(app, path).then(
      (versions) => isCurrent && setLoaded({ kind: "ready", versions }),
      (error: unknown) => isCurrent && setLoaded({ kind: "failed", error }),
    );
    return () => {
      isCurrent = false;
    };
  }, [app, path]);
  return loaded;
};

type DiffProps = {
  readonly path: string;
  readonly version: number;
  readonly onReady: (diff: DiffHandle | undefined) => void;
};

/** The two texts; the right one is the shown file, and follows everybody's edits. */
const Diff = ({ path, version, onReady }: DiffProps) => {
  const app = useApp();
  const host = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    let diff: DiffHandle | undefined;
    let isGone = false;
    const show = async (): Promise<void> => {
      const text = await readText(app, path, version);
      if (isGone || !host.current) return;
      diff = app.editor.compare(host.current, text);
      onReady(diff);
    };
    show().catch((problem: unknown) => isGone || setError(problem));
    return () => {
      isGone = true;
      onReady(undefined);
      diff?.dispose();
    };
  }, [app, path, version, onReady]);
  return (
    <div ref={host} className="comparison-body">
      {error !== undefined && (
        <p className="tree-note" role="alert">
          {errorText(error)}
        </p>
      )}
    </div>
  );
};

const restore = async (app: App, path: string, version: number): Promise<void> => {
  try {
    const params = { projectId: requireProject(app.projects).id };
    await app.call(routes.restoreVersion, { params, body: { path, version } });
    showToast({ text: `${nameOf(path)} is as it was in version ${version}.` });
  } catch (error) {
    showToast({ text: `${nameOf(path)} was not restored. ${errorText(error)}`, tone: "bad" });
  }
};

export type ComparisonProps = { readonly entry: Entry; readonly side: GroupSide; readonly onClose: () => void };

export const Comparison = ({ entry: { path }, side, onClose }: ComparisonProps) => {
  const app = useApp();
  const loaded = useVersions(path);
  const canEdit = useStore(app.projects, ({ state }) => mayEdit(state));
  const [chosen, setChosen] = useState<number>();
  const [diff, setDiff] = useState<DiffHandle>();
  const [now] = useState(Date.now);
  const versions = loaded.kind === "ready" ? loaded.versions : [];
  const version = chosen ?? firstChoice(versions);

  useEffect(() => {
    // The editor below takes no keys meanwhile.
    const editor = document.getElementById(GROUP_ELEMENTS[side].editor);
    if (editor) editor.inert = true;
    return () => {
      if (editor) editor.inert = false;
    };
  }, [side]);
  const select = useRef<HTMLSelectElement>(null);
  useEffect(() => {
    if (loaded.kind === "ready") select.current?.focus();
  }, [loaded.kind]);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape closes, wherever in it the keyboard is
    <section
      className="cover comparison"
      aria-label={`Compare ${nameOf(path)}`}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) onClose();
      }}
    >
      <header className="comparison-header">
        <History size={15} aria-hidden />
        {version !== undefined && (
          <select
            ref={select}
            className="select"
            aria-label="Older version"
            value={version}
            onChange={(event) => setChosen(Number(event.target.value))}
          >
            {versions.map((each) => (
              <option key={each.version} value={each.version}>
                {versionWords(each, now)}
              </option>
            ))}
          </select>
        )}
        <span className="comparison-now">compared with now</span>
        <span className="bar-space" />
        <button
          className="icon-button"
          aria-label="Previous difference"
          title="Previous difference"
          disabled={!diff}
          onClick={() => diff?.go("previous")}
        >
          <ArrowUp size={15} />
        </button>
        <button
          className="icon-button"
          aria-label="Next difference"
          title="Next difference"
          disabled={!diff}
          onClick={() => diff?.go("next")}
        >
          <ArrowDown size={15} />
        </button>
        {canEdit && version !== undefined && (
          <button
            className="button"
            onClick={() => {
              void restore(app, path, version);
              onClose();
            }}
          >
            Restore
          </button>
        )}
        <button className="icon-button" aria-label="Close the comparison" title="Close (Escape)" onClick={onClose}>
          <X size={16} />
        </button>
      </header>
      {loaded.kind === "loading" && <p className="tree-note">Loading the versions…</p>}
      {loaded.kind === "failed" && (
        <p className="tree-note" role="alert">
          {errorText(loaded.error)}
        </p>
      )}
      {loaded.kind === "ready" && version === undefined && <p className="tree-note">There are no older versions.</p>}
      {version !== undefined && <Diff key={version} path={path} version={version} onReady={setDiff} />}
    </section>
  );
};
