/** The bar that finds text in the output: Enter and Shift+Enter step through the matches, Escape closes it. */
import { ChevronDown, ChevronUp, X } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { closeFind } from "./console-actions.ts";
import { type FoundText, MOST_FOUND } from "./terminal-find.ts";

const countWords = (count: number, at: number): string => {
  if (count === 0) return "Not found";
  return `${at + 1} of ${count === MOST_FOUND ? `${MOST_FOUND} and more` : count}`;
};

export const ConsoleFind = () => {
  const { console: store } = useApp();
  const view = useStore(store, (state) => state.view);
  const [text, setText] = useState("");
  const [found, setFound] = useState<{ matches: readonly FoundText[]; at: number }>({ matches: [], at: 0 });
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);

  const look = (wanted: string, step: number): void => {
    // Searched again for each step, because the program may still print.
    const matches = view?.find(wanted) ?? [];
    const { length } = matches;
    const isSame = wanted === text;
    const at = length === 0 ? 0 : isSame ? (found.at + step + length) % length : length - 1;
    setFound({ matches, at });
    view?.reveal(matches, at);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter") {
      event.preventDefault();
      look(text, event.shiftKey ? 1 : -1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      closeFind(store);
    }
  };
  return (
    <search className="console-find">
      <input
        ref={field}
        className="input"
        aria-label="Find in the output"
        placeholder="Find"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          look(event.target.value, 0);
        }}
        onKeyDown={onKeyDown}
      />
      <output className="console-find-count">{text === "" ? "" : countWords(found.matches.length, found.at)}</output>
      <button className="icon-button" aria-label="Earlier match" title="Earlier (Enter)" onClick={() => look(text, -1)}>
        <ChevronUp size={15} />
      </button>
      <button
        className="icon-button"
        aria-label="Later match"
        title="Later (Shift+Enter)"
        onClick={() => look(text, 1)}
      >
        <ChevronDown size={15} />
      </button>
      <button
        className="icon-button"
        aria-label="Close the search"
        title="Close (Esc)"
        onClick={() => closeFind(store)}
      >
        <X size={15} />
      </button>
    </search>
  );
};
