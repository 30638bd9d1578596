/** The share dialog: links for whoever has them, and the people who are in already. Loaded when opened. */
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { Dialog } from "../../design/dialog.tsx";
import { ensureProject } from "../projects/promote-sample.ts";
import { ShareLinks } from "./share-links.tsx";
import { ShareMembers } from "./share-members.tsx";
import "./share.css";

export const ShareDialog = ({ onClose }: { readonly onClose: () => void }) => {
  const app = useApp();
  const project = useStore(app.projects, ({ state }) => (state.kind === "open" ? state.project : undefined));
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    // Sharing is the third thing, after editing and running, that makes the sample a project.
    ensureProject(app).catch(setError);
  }, [app]);
  return (
    <Dialog title={project ? `Share ${project.name}` : "Share"} onClose={onClose}>
      {error !== undefined && (
        <p className="dialog-error" role="alert">
          {errorText(error)}
        </p>
      )}
      {project && project.role !== "viewer" && <ShareLinks project={project} />}
      {project?.role === "viewer" && (
        <p className="dialog-note">You can view this project. Its editors can share it.</p>
      )}
      {project && <ShareMembers project={project} />}
    </Dialog>
  );
};
