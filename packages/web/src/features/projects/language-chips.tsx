/** The choice of language on the first page: each chip opens a small program of that language. */
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { FileIcon } from "../files/file-icon.tsx";
import { MOST_SHOWN, shownLanguages } from "../languages/shown-languages.ts";
import { chooseSample } from "./start-at.ts";

export const LanguageChips = () => {
  const app = useApp();
  const chosen = useStore(app.projects, ({ state }) => (state.kind === "sample" ? state.sample.language : undefined));
  const isFixed = useStore(app.projects, ({ state }) => state.kind === "sample" && state.promotion.kind === "running");
  return (
    <fieldset className="chips" aria-label="Language" disabled={isFixed}>
      {shownLanguages(app.boot.languages, chosen).map(({ id, name, sample }) => (
        <label key={id} className="chip">
          <input
            type="radio"
            className="visually-hidden"
            name="language"
            value={id}
            checked={id === chosen}
            onChange={() => chooseSample(app, id)}
          />
          <FileIcon path={sample.path} />
          <span>{name}</span>
        </label>
      ))}
      {app.boot.languages.length > MOST_SHOWN && (
        <button
          type="button"
          className="chip"
          onClick={() => app.dialogs.setState({ kind: "palette", mode: "languages" }, true)}
        >
          <span>More languages</span>
        </button>
      )}
    </fieldset>
  );
};
