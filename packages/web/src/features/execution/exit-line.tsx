/** How a run ended, in one line; memory, sandbox and exit code are shown on hover, focus or tap. */
import { useId, useState } from "react";
import { useApp } from "../../app/services.ts";
import { nameOf } from "../files/entries.ts";
import { openPath } from "../files/open-file.ts";
import { errorPosition } from "./output-links.ts";
import { plainText } from "./plain-output.ts";
import type { ExecutionSummary } from "./run-store.ts";
import { runWords } from "./status-words.ts";
import { usePaths } from "./use-paths.ts";

/** The error that ended a program is at the end of its output; compilers write less than this. */
const READ_BYTES = 512 * 1024;

export const ExitLine = ({ execution }: { readonly execution: ExecutionSummary }) => {
  const app = useApp();
  const paths = usePaths();
  const [isOpen, setOpen] = useState(false);
  const factsId = useId();
  const { tone, headline, facts } = runWords(execution);
  // Reading output takes time; the output of an ended run does not change, and another run has another line.
  const [text] = useState(() =>
    tone === "bad" ? plainText(app.runs.getState().output.text({ lastBytes: READ_BYTES })) : "",
  );
  const link = text === "" ? undefined : errorPosition(text, paths(), execution);
  return (
    <footer className="exit-line" data-tone={tone} data-open={isOpen || undefined}>
      <span className="run-dot" aria-hidden />
      {facts.length === 0 ? (
        <span className="exit-words">{headline}</span>
      ) : (
        <button className="exit-words" aria-describedby={factsId} onClick={() => setOpen(!isOpen)}>
          {headline}
        </button>
      )}
      <span id={factsId} className="exit-facts">
        {facts.join(" · ")}
      </span>
      {link && (
        <button className="link-button" onClick={() => openPath(app, link.path, { line: link.line })}>
          {nameOf(link.path)}:{link.line}
        </button>
      )}
    </footer>
  );
};
