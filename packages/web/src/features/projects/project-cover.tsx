/** Covers the editor while it has no file: loading, no access, an expired link, an error. */
import { Link2Off, LockKeyhole, type LucideIcon, SearchX, Trash2, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useStore } from "zustand";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { CodeSkeleton } from "../files/code-skeleton.tsx";
import { withProjectActions } from "./with-project-actions.ts";

type CoverProps = {
  readonly icon: LucideIcon;
  readonly title: string;
  readonly children: ReactNode;
  readonly text: string;
};

const Cover = ({ icon: Icon, title, text, children }: CoverProps) => (
  <div className="cover">
    <div className="empty-pane" role="alert">
      <Icon size={22} strokeWidth={1.75} aria-hidden />
      <h2>{title}</h2>
      <p>{text}</p>
      <div className="cover-actions">{children}</div>
    </div>
  </div>
);

const MISSING = {
  project: {
    icon: SearchX,
    title: "This project does not exist, or you have no access to it",
    text: "It may have been deleted, or it is private. If somebody shared it with you, open their link again.",
  },
  "share-link": {
    icon: Link2Off,
    title: "This link is not valid any more",
    text: "It was revoked or it has expired. Ask the sender for a new one.",
  },
  page: { icon: SearchX, title: "There is nothing at this address", text: "The address may be mistyped." },
} as const;

const Home = () => (
  <a className="button" href={`${useApp().boot.basePath}/`}>
    Start something new
  </a>
);

export const ProjectCover = () => {
  const app = useApp();
  const state = useStore(app.projects, (projects) => projects.state);
  const isSignedIn = useStore(
    app.session.store,
    ({ kind, ...rest }) => kind === "signed-in" && "user" in rest && rest.user.kind === "registered",
  );
  // The code that the server rendered into the page is shown instead of a placeholder.
  if (state.kind === "loading" && !app.boot.file) {
    return (
      <div className="cover cover-late">
        <CodeSkeleton words="Opening the project" />
      </div>
    );
  }
  if (state.kind === "missing") {
    return (
      <Cover {...MISSING[state.what]}>
        <Home />
        {state.what === "project" && !isSignedIn && (
          <button
            className="button button-primary"
            onClick={() => app.dialogs.setState({ kind: "account", form: "log-in" }, true)}
          >
            Log in
          </button>
        )}
      </Cover>
    );
  }
  if (state.kind === "lost") {
    return (
      <Cover
        icon={LockKeyhole}
        title={`You have no access to ${state.project.name} any more`}
        text="Its owner took it back, revoked the link you came by, or deleted the project. What was saved until then is in it."
      >
        <Home />
        <button className="button" onClick={() => location.reload()}>
          Try again
        </button>
      </Cover>
    );
  }
  if (state.kind === "deleted") {
    return (
      <Cover icon={Trash2} title={`${state.project.name} was deleted`} text="It is in the bin, with all of its files.">
        <button
          className="button button-primary"
          onClick={() => withProjectActions(({ restoreProject }) => restoreProject(app, state))}
        >
          Undo
        </button>
        <Home />
      </Cover>
    );
  }
  if (state.kind === "failed") {
    return (
      <Cover icon={TriangleAlert} title="This did not open" text={errorText(state.error)}>
        <button className="button button-primary" onClick={state.retry}>
          Try again
        </button>
      </Cover>
    );
  }
  return null;
};
