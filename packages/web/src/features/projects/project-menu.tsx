/** From one project to another: the newest ones, and a new one in each language. */
import { type Project, routes } from "@atelier/contracts";
import { ChevronDown, FolderGit2, Plus } from "lucide-react";
import { useState } from "react";
import { useStore } from "zustand";
import { newAddress, projectAddress } from "../../app/address.ts";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { MenuButton, MenuLink } from "../../design/menu.tsx";

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

export const ProjectMenu = () => {
  const { boot, call, session } = useApp();
  const isSignedIn = useStore(session.store, ({ kind }) => kind === "signed-in");
  const [recent, setRecent] = useState<Recent>({ kind: "loading" });
  const load = (): void => {
    if (!isSignedIn) return;
    call(routes.listProjects, { query: { limit: MOST_LISTED } }).then(
      ({ items }) => setRecent({ kind: "loaded", projects: items }),
      (error: unknown) => setRecent({ kind: "failed", error }),
    );
  };
  return (
    <MenuButton label="Projects" icon={<ChevronDown size={15} />} onOpen={load}>
      {() => (
        <>
          {isSignedIn && <div className="menu-heading">Your projects</div>}
          {isSignedIn && <RecentProjects recent={recent} />}
          {isSignedIn && <div className="menu-rule" />}
          <div className="menu-heading">New project</div>
          {boot.languages.map((language) => (
            <MenuLink
              key={language.id}
              icon={<Plus size={15} />}
              label={language.name}
              href={newAddress(boot.basePath, language.id)}
            />
          ))}
        </>
      )}
    </MenuButton>
  );
};
