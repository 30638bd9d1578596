/** The share dialog: share links, and the members. Loaded when it is opened. */
import { type Project, routes } from "@atelier/contracts";
import { useCallback, useEffect, useState } from "react";
import { useStore } from "zustand";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { Dialog } from "../../design/dialog.tsx";
import { ensureProject } from "../projects/promote-sample.ts";
import { ShareLinks } from "./share-links.tsx";
import { ShareMembers } from "./share-members.tsx";
import { useResource } from "./use-resource.ts";
import "./share.css";

const Failed = ({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) => (
  <div className="share-failed" role="alert">
    <p className="dialog-error">{errorText(error)}</p>
    <button className="button" onClick={onRetry}>
      Try again
    </button>
  </div>
);

const Sharing = ({ project }: { readonly project: Project }) => {
  const { call, presence } = useApp();
  const load = useCallback(() => call(routes.listMembers, { params: { projectId: project.id } }), [call, project.id]);
  const members = useResource(load);
  // A member joined, left or got another role: the list is loaded again while the dialog is open.
  const present = useStore(presence, ({ all }) => all.map(({ user, role }) => `${user.id} ${role}`).join());
  const { reload } = members;
  useEffect(reload, [present, reload]);
  // When the members can't be loaded, the links can't either: one message.
  if (!members.value && members.error !== undefined) return <Failed error={members.error} onRetry={reload} />;
  return (
    <>
      {project.role === "owner" ? (
        <ShareLinks project={project} present={present} onRevoked={reload} />
      ) : (
        <p className="dialog-note">
          You can {project.role === "editor" ? "edit" : "view"} this project. Its owner, {project.owner.name}, can share
          it.
        </p>
      )}
      <ShareMembers project={project} members={members} />
    </>
  );
};

export const ShareDialog = ({ onClose }: { readonly onClose: () => void }) => {
  const app = useApp();
  const project = useStore(app.projects, ({ state }) => (state.kind === "open" ? state.project : undefined));
  const [error, setError] = useState<unknown>();
  const save = useCallback(() => {
    // Sharing is the third thing, after editing and running, that makes the sample a project.
    ensureProject(app).catch(setError);
  }, [app]);
  useEffect(save, [save]);
  const saveAgain = (): void => {
    setError(undefined);
    save();
  };
  return (
    <Dialog title={project ? `Share ${project.name}` : "Share"} onClose={onClose}>
      {!project && error !== undefined && <Failed error={error} onRetry={saveAgain} />}
      {!project && error === undefined && <p className="dialog-note">Saving it as your project first…</p>}
      {project && <Sharing project={project} />}
    </Dialog>
  );
};
