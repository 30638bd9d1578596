/** The people in the file that a view shows: announces the reader's cursor, draws the others', follows one of them. */
import type { DocumentRegistry } from "../collaboration/document-registry.ts";
import type { LiveDocument } from "../collaboration/live-document.ts";
import type { OffsetMapping } from "./delayed-changes.ts";
import { type StandaloneEditor, selectionOffsets } from "./monaco/types.ts";
import type { PaneEvents } from "./pane-events.ts";
import type { EditorOptions, Participant } from "./ports.ts";
import { createRemoteCursors } from "./remote-cursors.ts";
import { type SharedCursor, announceCursor, sharedCursors } from "./shared-cursors.ts";

export interface PresenceOptions {
  editor: StandaloneEditor;
  container: HTMLElement;
  options: EditorOptions;
  events: PaneEvents;
  registry: DocumentRegistry;
  /** The shown file's document. */
  shown: () => LiveDocument | undefined;
  /** Maps offsets of its text to offsets of the editor's model. */
  mapping: () => OffsetMapping | undefined;
  /** Whether this view is the one that the reader works in. Only its people are told. */
  isActive: () => boolean;
  /** Whether the reader's cursor in a document is announced by another view: a page has one cursor in each document. */
  isSpokenFor: (document: LiveDocument) => boolean;
}

export interface Presence {
  /** Listens to a document's awareness for as long as the view lives. */
  watch(document: LiveDocument): void;
  /** The shown file or the reader changed. */
  refresh(): void;
  /** The reader works in this view from now on: the people in its file are told anew. */
  activated(): void;
  /** The reader looks away from a document. */
  leave(document: LiveDocument | undefined): void;
  readonly follow: (participantId: string | null) => void;
  dispose(): void;
}

const MODIFIERS: ReadonlySet<string> = new Set(["Shift", "Control", "Alt", "Meta"]);
/** The reader's cursor is computed and announced this long after it moved. */
const ANNOUNCE_AFTER_MS = 40;

export function createPresence(setup: PresenceOptions): Presence {
  const { editor, container, options, events, registry, shown, mapping, isActive, isSpokenFor } = setup;
  const drawn = createRemoteCursors(editor);
  const watched = new Map<LiveDocument, () => void>();
  let asked = false;
  let announceTimer: ReturnType<typeof setTimeout> | undefined;
  let followed: string | null = null;
  let seen = "";
  let elsewhere: string | undefined;
  let disposed = false;

  const announce = () => {
    clearTimeout(announceTimer);
    announceTimer = undefined;
    const document = shown();
    const user = options.user();
    const model = editor.getModel();
    if (!document?.synced || !user || !model || isSpokenFor(document)) return;
    const selection = editor.getSelection();
    const offsets = selection ? selectionOffsets(model, selection) : undefined;
    const toShared = (offset: number) => mapping()?.toShared(offset) ?? offset;
    const shared = offsets && { anchor: toShared(offsets.anchor), head: toShared(offsets.head) };
    announceCursor(document.replica, user, shared);
  };
  /** Others' cursors, as offsets of the editor's model. */
  const cursorsIn = (document: LiveDocument): SharedCursor[] => {
    const toModel = (offset: number) => mapping()?.toModel(offset) ?? offset;
    return sharedCursors(document.replica).map((cursor) => ({
      ...cursor,
      selection: cursor.selection && {
        anchor: toModel(cursor.selection.anchor),
        head: toModel(cursor.selection.head),
      },
    }));
  };
  const participantsOf = (document: LiveDocument, cursors: readonly SharedCursor[]): Participant[] => {
    const me = options.user()?.id;
    const model = editor.getModel();
    const people = new Map<string, Participant>();
    for (const { user, selection } of cursors) {
      if (people.get(user.id)?.position) continue;
      const at = selection && model && document === shown() ? model.getPositionAt(selection.head) : undefined;
      people.set(user.id, {
        ...user,
        fileId: document.fileId,
        isMe: user.id === me,
        ...(at ? { position: { line: at.lineNumber, column: at.column } } : {}),
      });
    }
    return [...people.values()];
  };
  const lookForFollowed = (here: readonly Participant[]) => {
    if (followed === null) return;
    const target = here.find(({ id }) => id === followed);
    if (target) {
      elsewhere = undefined;
      container.style.setProperty("--followed-color", target.color);
      if (target.position) {
        editor.revealPositionInCenterIfOutsideViewport({
          lineNumber: target.position.line,
          column: target.position.column,
        });
      }
      return;
    }
    for (const document of registry.documents()) {
      if (document === shown() || document.fileId === elsewhere) continue;
      if (!sharedCursors(document.replica).some(({ user }) => user.id === followed)) continue;
      elsewhere = document.fileId;
      events.followedElsewhere(document.fileId);
      return;
    }
  };
  const draw = () => {
    asked = false;
    if (disposed) return;
    const document = shown();
    const ready = document?.synced === true;
    const cursors = ready ? cursorsIn(document) : [];
    drawn.show(cursors);
    const people = ready ? participantsOf(document, cursors) : [];
    const now = JSON.stringify([document?.fileId, people]);
    if (now !== seen && isActive()) {
      seen = now;
      events.participants(people);
    }
    lookForFollowed(people);
  };
  /** At most once a frame: the position of a cursor is looked up by walking the document. */
  const drawSoon = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(draw);
  };

  const endFollowing = () => {
    if (followed === null) return;
    follow(null);
    events.followEnded();
  };
  const follow = (participantId: string | null) => {
    followed = participantId;
    elsewhere = undefined;
    container.classList.toggle("is-following", participantId !== null);
    drawSoon();
  };
  const subscriptions = [
    editor.onDidChangeCursorSelection(() => {
      announceTimer ??= setTimeout(announce, ANNOUNCE_AFTER_MS);
    }),
    editor.onDidChangeModelContent(() => {
      if (watched.size > 0) drawSoon();
    }),
    editor.onKeyDown(({ browserEvent: { key } }) => {
      if (!MODIFIERS.has(key)) endFollowing();
    }),
    editor.onMouseDown(endFollowing),
  ];
  container.addEventListener("wheel", endFollowing, { passive: true });
  const refresh = () => {
    announceTimer ??= setTimeout(announce, ANNOUNCE_AFTER_MS);
    drawSoon();
  };

  return {
    watch: (document) => {
      if (watched.has(document)) return;
      let unlisten = listen(document, drawSoon);
      const stopReplaced = document.onReplaced.on(() => {
        unlisten();
        unlisten = listen(document, drawSoon);
      });
      const stopSynced = document.onSynced.on(() => {
        announceTimer ??= setTimeout(announce, ANNOUNCE_AFTER_MS);
        drawSoon();
      });
      watched.set(document, () => {
        unlisten();
        stopReplaced();
        stopSynced();
      });
    },
    refresh,
    activated: () => {
      seen = "";
      refresh();
    },
    leave: (document) => {
      if (document && !isSpokenFor(document)) document.replica.awareness.setLocalState(null);
    },
    follow,
    dispose: () => {
      disposed = true;
      clearTimeout(announceTimer);
      for (const stop of watched.values()) stop();
      for (const subscription of subscriptions) subscription.dispose();
      container.removeEventListener("wheel", endFollowing);
      drawn.dispose();
    },
  };
}

function listen({ replica: { awareness } }: LiveDocument, changed: () => void): () => void {
  awareness.on("change", changed);
  return () => awareness.off("change", changed);
}
