/** Covers the editor when the shown file has no editable text: opening, unreachable, an image, other bytes. */
import { CloudOff, Download, FileQuestion, FileText, FileX, ImageOff } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useStore } from "zustand";
import { type Entry, routes } from "@atelier/contracts";
import { errorText } from "../../app/api-problem.ts";
import { type App, useApp } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import type { GroupSide, ReadOnlyReason } from "../editor/index.ts";
import { bytesWords } from "../execution/status-words.ts";
import { mayEdit, type ProjectState, requireProject } from "../projects/project-store.ts";
import { CodeSkeleton } from "./code-skeleton.tsx";
import { filesOf, nameOf } from "./entries.ts";
import { startCreating } from "./start-creating.ts";
import "./file-cover.css";
import { imageTypeOf } from "./image-types.ts";
import { saveBlob } from "./save-blob.ts";
import { GROUP_ELEMENTS } from "./group-elements.ts";
import { groupAt, type TabsState } from "./tabs-store.ts";

const DAMAGED = "The picture is damaged, or its file name has the wrong extension.";
/** A larger picture can only be downloaded. */
const LARGEST_IMAGE_BYTES = 8 * 1024 * 1024;

const COVERED: ReadonlySet<ReadOnlyReason> = new Set(["binary", "too-large", "not-found", "opening", "unreachable"]);

/** In these states keys go into the early surface of the editor. */
const OPENING: ReadonlySet<ProjectState["kind"]> = new Set(["sample", "loading"]);

/** @throws ApiProblem, Unreachable */
const readBytes = async (app: App, { path }: Entry): Promise<Blob> => {
  const params = { projectId: requireProject(app.projects).id };
  const { content = "", encoding, mediaType } = await app.call(routes.readFile, { params, query: { path } });
  if (encoding !== "base64") return new Blob([content], { type: "text/plain" });
  const bytes = Uint8Array.from(atob(content), (unit) => unit.codePointAt(0) ?? 0);
  return new Blob([bytes], { type: imageTypeOf(path) ?? mediaType });
};

const download = async (app: App, entry: Entry): Promise<void> => {
  try {
    saveBlob(await readBytes(app, entry), nameOf(entry.path));
  } catch (error) {
    showToast({ text: `${nameOf(entry.path)} was not downloaded. ${errorText(error)}`, tone: "bad" });
  }
};

const DownloadButton = ({ entry }: { readonly entry: Entry }) => {
  const app = useApp();
  return (
    <button className="button" onClick={() => void download(app, entry)}>
      <Download size={14} aria-hidden />
      <span>Download</span>
    </button>
  );
};

type CardProps = {
  readonly icon: ReactNode;
  readonly title: string;
  readonly text: string;
  readonly children?: ReactNode;
};

const Card = ({ icon, title, text, children }: CardProps) => (
  <div className="empty-pane">
    {icon}
    <h2>{title}</h2>
    <p>{text}</p>
    {children !== undefined && <div className="cover-actions">{children}</div>}
  </div>
);

const Picture = ({ entry }: { readonly entry: Entry }) => {
  const app = useApp();
  const [shown, setShown] = useState<{ address: string } | { why: string }>();
  const [pixels, setPixels] = useState("");
  useEffect(() => {
    let address: string | undefined;
    let isGone = false;
    readBytes(app, entry).then(
      (blob) => {
        if (isGone) return;
        address = URL.createObjectURL(blob);
        setShown({ address });
      },
      (error: unknown) => isGone || setShown({ why: errorText(error) }),
    );
    return () => {
      isGone = true;
      if (address !== undefined) URL.revokeObjectURL(address);
    };
    // A new version is another picture.
  }, [app, entry]);
  if (shown && "why" in shown) {
    return (
      <Card
        icon={<ImageOff size={22} strokeWidth={1.75} aria-hidden />}
        title={`${nameOf(entry.path)} can't be shown`}
        text={`${bytesWords(entry.size)}. ${shown.why}`}
      >
        <DownloadButton entry={entry} />
      </Card>
    );
  }
  return (
    <figure className="picture">
      <div className="picture-frame">
        {shown && (
          <img
            src={shown.address}
            alt={nameOf(entry.path)}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setPixels(`${naturalWidth} × ${naturalHeight} · `)
            }
            onError={() => setShown({ why: DAMAGED })}
          />
        )}
      </div>
      <figcaption>
        <span>
          {pixels}
          {bytesWords(entry.size)}
        </span>
        <DownloadButton entry={entry} />
      </figcaption>
    </figure>
  );
};

const Bytes = ({ entry }: { readonly entry: Entry }) => (
  <Card
    icon={<FileQuestion size={22} strokeWidth={1.75} aria-hidden />}
    title={`${nameOf(entry.path)} is not text`}
    text={`${bytesWords(entry.size)}. It can be moved, renamed and used by programs, but not edited here.`}
  >
    <DownloadButton entry={entry} />
  </Card>
);

const contentFor = (reason: ReadOnlyReason, entry: Entry): ReactNode => {
  const name = nameOf(entry.path);
  switch (reason) {
    case "binary":
      return imageTypeOf(entry.path) !== undefined && entry.size <= LARGEST_IMAGE_BYTES ? (
        <Picture key={entry.id} entry={entry} />
      ) : (
        <Bytes entry={entry} />
      );
    case "too-large":
      return (
        <Card
          icon={<FileQuestion size={22} strokeWidth={1.75} aria-hidden />}
          title={`${name} is too large to edit here`}
          text={`${bytesWords(entry.size)}. Programs can use it as it is.`}
        >
          <DownloadButton entry={entry} />
        </Card>
      );
    case "not-found":
      return (
        <Card
          icon={<FileX size={22} strokeWidth={1.75} aria-hidden />}
          title={`${name} was deleted`}
          text="Another user deleted it while it was open here."
        />
      );
    case "unreachable":
      return (
        <Card
          icon={<CloudOff size={22} strokeWidth={1.75} aria-hidden />}
          title="The server can't be reached"
          text={`${name} was not opened here before. It opens by itself as soon as the server can be reached.`}
        />
      );
    default:
      return <CodeSkeleton key={entry.id} words={`Opening ${name}`} />;
  }
};

const NoFile = ({ isEmpty }: { readonly isEmpty: boolean }) => {
  const app = useApp();
  const canEdit = useStore(app.projects, ({ state }) => mayEdit(state));
  const makeFile = (): void => {
    app.layout.setState({ filesShown: true, pane: "files" });
    startCreating(app, "file", "");
  };
  return (
    <div className="cover">
      <Card
        icon={<FileText size={22} strokeWidth={1.75} aria-hidden />}
        title={isEmpty ? "This project is empty" : "No file is open"}
        text={
          isEmpty
            ? "The project has no files yet: create one, or drop files into this window."
            : "Choose one in the list of files."
        }
      >
        {canEdit && (
          <button className="button button-primary" onClick={makeFile}>
            New file
          </button>
        )}
      </Card>
    </div>
  );
};

/** Why the shown file can't be seen in the editor; a word of its own, so that nothing is drawn while it is only saved. */
const coverReason = (tabs: TabsState, side: GroupSide): ReadOnlyReason | undefined => {
  const save = tabs.saves.get(groupAt(tabs, side)?.shown ?? "");
  return save?.kind === "read-only" && COVERED.has(save.reason) ? save.reason : undefined;
};

export const FileCover = ({ side }: { readonly side: GroupSide }) => {
  const app = useApp();
  const shown = useStore(app.tabs, (tabs) => groupAt(tabs, side)?.shown);
  const reason = useStore(app.tabs, (tabs) => coverReason(tabs, side));
  const hasShown = useStore(app.tabs, (tabs) => tabs.hasShown);
  const entry = useStore(app.files, ({ entries }) => entries.get(shown ?? ""));
  const hasFiles = useStore(app.files, ({ entries }) => filesOf(entries).length > 0);
  const isRead = useStore(app.files, ({ status }) => status === "ready");
  const isEmpty = useStore(app.files, ({ entries }) => entries.size === 0);
  const kind = useStore(app.projects, ({ state }) => state.kind);
  // Where there are files the first one opens by itself.
  const isWithoutFile = isRead && !entry && (hasShown || !hasFiles);
  const isHidden =
    kind === "open" ? isWithoutFile || (reason !== undefined && reason !== "opening") : !OPENING.has(kind);
  useEffect(() => {
    // An editor under a cover, this one or the project's, takes no keys.
    const editor = document.getElementById(GROUP_ELEMENTS[side].editor);
    if (editor) editor.inert = isHidden;
  }, [isHidden, side]);
  if (kind !== "open") return null;
  if (isWithoutFile) return <NoFile isEmpty={isEmpty} />;
  if (!entry) {
    return (
      <div className="cover cover-late">
        <CodeSkeleton words="Opening the project" />
      </div>
    );
  }
  if (reason === undefined) return null;
  return (
    <div className="cover" data-cover={reason}>
      {contentFor(reason, entry)}
    </div>
  );
};
