/** The editor's part of the status bar: line and column, indentation, line ends, language. */
import { Check } from "lucide-react";
import { useEffect, useState } from "react";
import { useApp } from "../../app/services.ts";
import { MenuButton } from "../../design/menu.tsx";
import type { EditorStatus, Indentation } from "./ports.ts";
import { indentationWords, positionWords } from "./status-words.ts";

const INDENTATIONS: readonly Indentation[] = [
  { spaces: true, size: 2 },
  { spaces: true, size: 4 },
  { spaces: true, size: 8 },
  { spaces: false, size: 4 },
  { spaces: false, size: 8 },
];

const IndentationMenu = ({ now }: { readonly now: Indentation }) => {
  const { editor } = useApp();
  return (
    <MenuButton
      label={`Indentation: ${indentationWords(now)}`}
      className="status-item"
      align="end"
      icon={indentationWords(now)}
    >
      {() =>
        INDENTATIONS.map((indentation) => {
          const isNow = indentation.spaces === now.spaces && indentation.size === now.size;
          const words = indentationWords(indentation);
          return (
            <button
              key={words}
              type="button"
              role="menuitemradio"
              aria-checked={isNow}
              tabIndex={-1}
              className="menu-item"
              onClick={() => editor.setIndentation(indentation)}
            >
              <Check size={15} style={{ visibility: isNow ? "visible" : "hidden" }} aria-hidden />
              <span className="menu-item-label">{words}</span>
            </button>
          );
        })
      }
    </MenuButton>
  );
};

export const EditorStatusItems = () => {
  const { editor } = useApp();
  const [status, setStatus] = useState<EditorStatus>();
  useEffect(() => editor.onStatus(setStatus), [editor]);
  if (!status) return null;
  return (
    <>
      <button
        className="status-item status-position"
        title="Go to a line"
        onClick={() => editor.runAction("editor.action.gotoLine")}
      >
        {positionWords(status)}
      </button>
      <IndentationMenu now={status.indentation} />
      <span className="status-item" title={status.lineEnds === "LF" ? "Line ends: LF" : "Line ends: CRLF"}>
        {status.lineEnds}
      </span>
      <span className="status-item" title={`Language: ${status.language}`}>
        {status.language}
      </span>
    </>
  );
};
