/** The first visit's choice of language: each chip puts that language's small program in front of the visitor. */
import { type KeyboardEvent, useRef } from "react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { FileIcon } from "../files/file-icon.tsx";
import { chooseSample } from "./start-at.ts";

export const LanguageChips = () => {
  const app = useApp();
  const list = useRef<HTMLDivElement>(null);
  const chosen = useStore(app.projects, ({ state }) => (state.kind === "sample" ? state.sample.language : undefined));
  const isFixed = useStore(app.projects, ({ state }) => state.kind === "sample" && state.promotion.kind === "running");
  const languages = app.boot.languages;

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined || isFixed) return;
    event.preventDefault();
    const at = languages.findIndex(({ id }) => id === chosen);
    const next = languages.at((at + step) % languages.length);
    if (!next) return;
    chooseSample(app, next.id);
    list.current?.querySelectorAll<HTMLElement>("[role=radio]").item(languages.indexOf(next)).focus();
  };
  return (
    <div ref={list} className="chips" role="radiogroup" aria-label="Language" onKeyDown={onKeyDown}>
      {languages.map(({ id, name, sample }) => (
        <button
          key={id}
          role="radio"
          className="chip"
          aria-checked={id === chosen}
          disabled={isFixed && id !== chosen}
          tabIndex={id === chosen ? 0 : -1}
          onClick={() => chooseSample(app, id)}
        >
          <FileIcon path={sample.path} /> {name}
        </button>
      ))}
    </div>
  );
};
