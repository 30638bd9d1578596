/** The preview: an address bar, the page in a frame that has no rights here, and what the page prints. */
import { type Preview, PREVIEW_MARK, type ToPreview } from "@atelier/contracts";
import { Eraser, ExternalLink, RotateCw } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { errorText } from "../../app/api-problem.ts";
import { type App, useApp } from "../../app/services.ts";
import { PanelTitle } from "../../app/views/view-tabs.tsx";
import { entryAt } from "../files/entries.ts";
import { openFile } from "../files/open-file.ts";
import { followChanges } from "./follow-changes.ts";
import { FromPreviewSchema } from "./preview-message.ts";
import { clearLines, hearPreview, type PreviewLine, sendTo, typedPath } from "./preview-store.ts";
import "./preview.css";

/** Without top navigation: the page can't replace the editor. Its own origin is not the editor's. */
const RIGHTS = "allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox allow-modals allow-downloads";

const AddressBar = () => {
  const app = useApp();
  const at = useStore(app.preview, (state) => state.at);
  const [typed, setTyped] = useState<string>();
  return (
    <form
      className="preview-address"
      onSubmit={(event) => {
        event.preventDefault();
        sendTo(app.preview, typedPath(typed ?? at));
        setTyped(undefined);
      }}
    >
      <input
        className="input"
        aria-label="Address in the preview"
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        value={typed ?? `/${at}`}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && setTyped(undefined)}
      />
    </form>
  );
};

const Header = () => {
  const app = useApp();
  const address = useStore(app.preview, (state) => state.address);
  const at = useStore(app.preview, (state) => state.at);
  return (
    <header className="output-header preview-header">
      <PanelTitle />
      <AddressBar />
      <div className="output-tools">
        <button
          className="icon-button"
          aria-label="Reload the preview"
          title="Reload the preview"
          onClick={() => sendTo(app.preview, at)}
        >
          <RotateCw size={15} />
        </button>
        {address.kind === "open" && (
          <a
            className="icon-button"
            aria-label="Open the preview in a new tab"
            title="Open the preview in a new tab"
            href={new URL(at, address.preview.url).href}
            target="_blank"
            rel="noopener noreferrer"
          >
            <ExternalLink size={15} />
          </a>
        )}
      </div>
    </header>
  );
};

const openLine = (app: App, { path, line, column }: PreviewLine): void => {
  const entry = path === undefined ? undefined : entryAt(app.files.getState().entries, path);
  if (!entry) return;
  openFile(app, entry.id, { ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) });
};

/** Where a line came from, as a link if that is a file of the project. */
const Place = ({ line }: { readonly line: PreviewLine }) => {
  const app = useApp();
  const path = line.path === "" ? "index.html" : line.path;
  const exists = useStore(app.files, ({ entries }) => path !== undefined && entryAt(entries, path) !== undefined);
  if (path === undefined) return null;
  const words = line.line === undefined ? path : `${path}:${line.line}`;
  if (!exists) return <span className="preview-place">{words}</span>;
  return (
    <button className="preview-place" onClick={() => openLine(app, { ...line, path })}>
      {words}
    </button>
  );
};

const Console = () => {
  const app = useApp();
  const { lines, dropped } = useStore(app.preview);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // No return value: Chromium's is a promise, which React would call as a cleanup.
    end.current?.scrollIntoView({ block: "nearest" });
  }, [lines]);
  if (lines.length === 0) return null;
  return (
    <section className="preview-console" aria-label="Console of the preview">
      <button
        className="icon-button preview-clear"
        aria-label="Clear the console"
        title="Clear the console"
        onClick={() => clearLines(app.preview)}
      >
        <Eraser size={15} />
      </button>
      {/* It scrolls, so it takes the keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="preview-lines" role="log" aria-label="Messages of the preview" tabIndex={0}>
        {dropped > 0 && <p className="preview-line">{dropped} messages were left out.</p>}
        {lines.map((line) => (
          <p key={line.id} className="preview-line" data-level={line.level}>
            {(line.level === "error" || line.level === "warn") && (
              <b className="preview-level">{line.level === "error" ? "Error" : "Warning"}</b>
            )}
            <span className="preview-text">{line.text}</span>
            <Place line={line} />
          </p>
        ))}
        <div ref={end} />
      </div>
    </section>
  );
};

const Frame = ({ preview }: { readonly preview: Preview }) => {
  const app = useApp();
  const sent = useStore(app.preview, (state) => state.sent);
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    const origin = preview.hasOrigin ? new URL(preview.url).origin : "null";
    const tell = (kind: ToPreview["kind"]): void => {
      const message: ToPreview = { mark: PREVIEW_MARK, kind };
      // An opaque origin has no name; these messages have nothing secret.
      frame.current?.contentWindow?.postMessage(message, preview.hasOrigin ? origin : "*");
    };
    let hasScript = false;
    const hear = (event: MessageEvent<unknown>): void => {
      if (event.source === null || event.source !== frame.current?.contentWindow || event.origin !== origin) return;
      const parsed = FromPreviewSchema.safeParse(event.data);
      if (!parsed.success) return;
      hearPreview(app.preview, parsed.data);
      if (parsed.data.kind !== "ready") return;
      hasScript = true;
      tell("hello");
    };
    addEventListener("message", hear);
    const unfollow = followChanges(app, (change) => {
      if (!hasScript) sendTo(app.preview, app.preview.getState().at);
      else tell(change === "styles" ? "styles" : "reload");
    });
    return () => {
      removeEventListener("message", hear);
      unfollow();
    };
  }, [app, preview.url, preview.hasOrigin, sent.turn]);
  return (
    <iframe
      key={sent.turn}
      ref={frame}
      className="preview-frame"
      title="Preview"
      sandbox={preview.hasOrigin ? `${RIGHTS} allow-same-origin` : RIGHTS}
      referrerPolicy="no-referrer"
      src={new URL(sent.path, preview.url).href}
    />
  );
};

const Body = () => {
  const address = useStore(useApp().preview, (state) => state.address);
  switch (address.kind) {
    case "open":
      return <Frame preview={address.preview} />;
    case "asking":
      return <div className="preview-frame" aria-busy="true" />;
    case "none":
      return (
        <div className="empty-pane output-empty">
          <p>This server has no address for previews. Its operator can set PREVIEW_ORIGIN or PREVIEW_PORT.</p>
        </div>
      );
    case "fault":
      return (
        <div className="empty-pane output-empty">
          <p>The preview could not be opened: {errorText(address.error)}</p>
        </div>
      );
  }
};

export const PreviewPane = () => (
  <>
    <Header />
    <Body />
    <Console />
  </>
);
