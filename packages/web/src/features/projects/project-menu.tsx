/** The project's name, which opens a menu: actions on the project, the newest other projects, and a new one in each language. */
import { type Project, routes } from "@atelier/contracts";
import {
  ChevronDown,
  CopyPlus,
  Download,
  Ellipsis,
  FolderArchive,
  FolderGit2,
  Pencil,
  Plus,
  Trash2,
} from "lucide-react";
import { useState } from "react";
import { useStore } from "zustand";
import { newAddress, projectAddress } from "../../app/address.ts";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { MenuButton, MenuItem, MenuLink } from "../../design/menu.tsx";
import { MOST_SHOWN, shownLanguages } from "../languages/shown-languages.ts";
import { chooseArchiveForProject } from "./choose-archive.ts";
import { withProjectActions } from "./with-project-actions.ts";
import { ProjectNameField } from "./project-name.tsx";

const MOST_LISTED = 8;

type Recent =
  | { kind: "loading" }
  | { kind: "loaded"; projects: readonly Project[] }
  | { kind: "failed"; error: unknown };

const RecentProjects = ({ recent }: { readonly recent: Recent }) => {
  const { boot, projects } = useApp();
  const openId = useStore(projects, ({ state }) => (state.kind === "open" ? state.project.id : undefined));
  if (recent.kind === "loading") return <div className="menu-heading">Loading…</div>;
  if (recent.kind === "failed") return <div className="menu-heading">{errorText(recent.error)}</div>;
  const others = recent.projects.filter(({ id }) => id !== openId);
  if (others.length === 0) return <div className="menu-heading">No other projects yet</div>;
  return others.map((project) => (
    <MenuLink
      key={project.id}
      icon={<FolderGit2 size={15} />}
      label={project.name}
      hint={project.role === "owner" ? undefined : project.owner.name}
      href={projectAddress(boot.basePath, project.slug)}
    />
  ));
};

/** Actions on the open project. */
const OwnItems = ({ project, onRename }: { readonly project: Project; readonly onRename: () => void }) => {
  const app = useApp();
  return (
    <>
      {project.role === "owner" && <MenuItem icon={<Pencil size={15} />} label="Rename" onChoose={onRename} />}
      <MenuItem
        icon={<CopyPlus size={15} />}
        label="Duplicate"
        onChoose={() => withProjectActions(({ duplicateProject }) => duplicateProject(app, project))}
      />
      <MenuItem
        icon={<Download size={15} />}
        label="Download as zip"
        onChoose={() => withProjectActions(({ downloadProject }) => downloadProject(app, project))}
      />
      {project.role === "owner" && (
        <MenuItem
          icon={<Trash2 size={15} />}
          label="Delete project"
          isDangerous
          onChoose={() => withProjectActions(({ deleteProject }) => deleteProject(app, project))}
        />
      )}
      <div className="menu-rule" />
    </>
  );
};

export const ProjectMenu = () => {
  const app = useApp();
  const { boot, call, dialogs, projects, session } = app;
  const state = useStore(projects, (store) => store.state);
  const project = state.kind === "open" ? state.project : undefined;
  const [isRenaming, setRenaming] = useState(false);
  const isSignedIn = useStore(session.store, ({ kind }) => kind === "signed-in");
  const [recent, setRecent] = useState<Recent>({ kind: "loading" });
  const load = (): void => {
    if (!isSignedIn) return;
    call(routes.listProjects, { query: { limit: MOST_LISTED } }).then(
      ({ items }) => setRecent({ kind: "loaded", projects: items }),
      (error: unknown) => setRecent({ kind: "failed", error }),
    );
  };
  if (project && isRenaming && project.role === "owner") {
    return <ProjectNameField key={project.id} project={project} onDone={() => setRenaming(false)} />;
  }
  return (
    <MenuButton
      label={project ? `${project.name}: projects` : "Projects"}
      className={project ? "project-button" : "icon-button"}
      icon={
        <>
          {project && <span className="project-name">{project.name}</span>}
          <ChevronDown size={15} aria-hidden />
        </>
      }
      onOpen={load}
    >
      {() => (
        <>
          {project && <OwnItems project={project} onRename={() => setRenaming(true)} />}
          {isSignedIn && <div className="menu-heading">Your projects</div>}
          {isSignedIn && <RecentProjects recent={recent} />}
          {isSignedIn && <div className="menu-rule" />}
          <div className="menu-heading">New project</div>
          {shownLanguages(boot.languages).map((language) => (
            <MenuLink
              key={language.id}
              icon={<Plus size={15} />}
              label={language.name}
              href={newAddress(boot.basePath, language.id)}
            />
          ))}
          {boot.languages.length > MOST_SHOWN && (
            <MenuItem
              icon={<Ellipsis size={15} />}
              label="More languages"
              onChoose={() => dialogs.setState({ kind: "palette", mode: "languages" }, true)}
            />
          )}
          <MenuItem
            icon={<FolderArchive size={15} />}
            label="From an archive…"
            onChoose={() => chooseArchiveForProject(app)}
          />
        </>
      )}
    </MenuButton>
  );
};
