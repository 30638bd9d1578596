/** The number of problems of the shown file, with a list to jump to them. */
import { CircleAlert } from "lucide-react";
import { useEffect, useState } from "react";
import { useApp } from "../../app/services.ts";
import { announce } from "../../design/announce.ts";
import { MenuButton, MenuItem } from "../../design/menu.tsx";
import type { Problem } from "../editor/index.ts";
import "./problems-button.css";

const MAX_LISTED = 50;
/** Typing makes and removes problems: a number is announced only after it has not changed for this long. */
const SAID_AFTER_MS = 2_000;

const countWords = (count: number): string => (count === 1 ? "1 problem" : `${count} problems`);

export const ProblemsButton = () => {
  const app = useApp();
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  useEffect(() => app.editor.onProblems(setProblems), [app]);
  const count = problems.length;
  const [said, setSaid] = useState(0);
  useEffect(() => {
    if (said === count) return undefined;
    const timer = setTimeout(() => {
      setSaid(count);
      announce(count === 0 ? "No problems" : countWords(count));
    }, SAID_AFTER_MS);
    return () => clearTimeout(timer);
  }, [count, said]);

  if (count === 0) return null;
  const goTo = ({ line, column }: Problem): void => {
    // The menu returns the focus to its button first.
    requestAnimationFrame(() => {
      app.layout.setState({ pane: "code" });
      app.editor.reveal(line, column);
      app.editor.focus();
    });
  };
  return (
    <MenuButton
      label={`${countWords(count)} in this file`}
      className="button problems-button"
      align="end"
      icon={
        <>
          <CircleAlert size={14} aria-hidden />
          <span>{countWords(count)}</span>
        </>
      }
    >
      {() => (
        <div className="problems-list" role="presentation">
          {problems.slice(0, MAX_LISTED).map((problem) => (
            <MenuItem
              key={`${problem.line}:${problem.column}:${problem.code}:${problem.message}`}
              label={problem.message.split("\n", 1)[0] ?? ""}
              hint={`Line ${problem.line}`}
              onChoose={() => goTo(problem)}
            />
          ))}
        </div>
      )}
    </MenuButton>
  );
};
