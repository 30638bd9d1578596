/** The field that renames the project, shown instead of its name in the top bar. */
import { type Project, routes } from "@atelier/contracts";
import { type KeyboardEvent, useState } from "react";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import { takeProjectFacts } from "./project-store.ts";

const MOST_CHARACTERS = 100;

export type ProjectNameFieldProps = { readonly project: Project; readonly onDone: () => void };

export const ProjectNameField = ({ project, onDone }: ProjectNameFieldProps) => {
  const app = useApp();
  // Another user may rename it meanwhile: an unchanged field must not restore the old name.
  const [kept] = useState(project.name);
  const [name, setName] = useState(kept);

  const keep = async (): Promise<void> => {
    const wanted = name.trim();
    if (wanted === "" || wanted === kept) {
      setName(kept);
      return;
    }
    try {
      const changed = await app.call(routes.updateProject, {
        params: { projectId: project.id },
        body: { name: wanted },
      });
      takeProjectFacts(app.projects, project.id, changed);
    } catch (error) {
      setName(kept);
      showToast({ text: `The name was not changed. ${errorText(error)}`, tone: "bad" });
    }
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === "Escape") setName(kept);
    if (event.key === "Enter" || event.key === "Escape")
      requestAnimationFrame(() => document.getElementById("project-name")?.blur());
  };
  return (
    <input
      id="project-name"
      className="project-name"
      aria-label="Project name"
      spellCheck={false}
      maxLength={MOST_CHARACTERS}
      size={Math.max(6, name.length)}
      value={name}
      onChange={(event) => setName(event.target.value)}
      ref={(field) => field?.focus()}
      onFocus={(event) => event.target.select()}
      onBlur={() => {
        void keep();
        onDone();
      }}
      onKeyDown={onKeyDown}
    />
  );
};
