/** The editor's light parts in a real page, without Monaco: each function is one situation that a test asks about. */
import { applyAwarenessUpdate, encodeAwarenessUpdate } from "y-protocols/awareness";
import { createReplica, type Replica } from "../../../packages/web/src/features/collaboration/replica.ts";
import { createSignal } from "../../../packages/web/src/features/collaboration/signal.ts";
import type { LiveDocument } from "../../../packages/web/src/features/collaboration/live-document.ts";
import { createEarlyEditor } from "../../../packages/web/src/features/editor/early-editor.ts";
import type { Participant } from "../../../packages/web/src/features/editor/ports.ts";
import { createPresence } from "../../../packages/web/src/features/editor/presence.ts";
import { createRemoteCursors } from "../../../packages/web/src/features/editor/remote-cursors.ts";
import { announceCursor, type SharedCursor } from "../../../packages/web/src/features/editor/shared-cursors.ts";
import { createStandIn } from "./stand-ins.ts";

const newHost = (): HTMLElement => {
  document.body.replaceChildren();
  const host = document.createElement("div");
  host.style.cssText = "position:relative;width:400px;height:120px";
  document.body.append(host);
  return host;
};

/** The early surface over the server's code. `edits` counts what the reader did, by file. */
export const mountEarly = (firstCode?: string) => {
  const host = newHost();
  if (firstCode !== undefined) {
    const pre = document.createElement("pre");
    pre.tabIndex = 0;
    pre.textContent = firstCode;
    host.append(pre);
    pre.focus();
  }
  const edits: string[] = [];
  const editor = createEarlyEditor(host, (id) => edits.push(id));
  return { editor, edits, host };
};

const ADA = { id: "ada", name: "Ada", color: "#3450e0" };
const TEXT = "first\nsecond line\nthird";

const cursorOf = (clientId: number, head: number, more: Partial<SharedCursor> & { anchor?: number } = {}) => ({
  clientId,
  user: more.user ?? ADA,
  selection: { anchor: more.anchor ?? head, head },
});

/** Others' cursors over a text of three lines. */
export const mountCursors = () => {
  const layer = newHost();
  const standIn = createStandIn(TEXT, layer);
  const cursors = createRemoteCursors(standIn.editor);
  const placesOf = ({ dataset }: HTMLElement) => `${dataset["line"]}:${dataset["column"]}`;
  const drawn = () =>
    [...layer.querySelectorAll<HTMLElement>(".shared-caret")].map((caret) => ({
      at: placesOf(caret),
      content: caret.textContent,
      color: caret.style.getPropertyValue("--cursor-color"),
      shift: caret.style.getPropertyValue("--caret-shift"),
    }));
  const names = () =>
    [...layer.querySelectorAll<HTMLElement>(".shared-names")].map((line) => ({
      at: placesOf(line),
      names: [...line.children].map(({ textContent }) => textContent),
      colors: [...line.querySelectorAll<HTMLElement>(".shared-name")].map(({ style }) => [
        style.getPropertyValue("--cursor-color"),
        style.getPropertyValue("--cursor-text"),
      ]),
      elements: line.querySelectorAll("*").length,
    }));
  return { cursors, drawn, names, standIn, cursorOf, sheets: () => document.adoptedStyleSheets.length };
};

const liveDocument = (fileId: string, replica: Replica, synced = true) => {
  const onReplaced = createSignal<Replica>();
  const onSynced = createSignal<Replica>();
  const document = { projectId: "p", fileId, replica, synced, onReplaced, onSynced };
  return document as unknown as LiveDocument & { synced: boolean };
};

/** The reader's presence in one file, another person (Bob) in it or in the file beside it. */
export const mountPresence = ({ synced = true }: { synced?: boolean } = {}) => {
  const container = newHost();
  const standIn = createStandIn(TEXT, container);
  const mine = createReplica();
  mine.text.insert(0, TEXT);
  const beside = createReplica();
  const [here, elsewhere] = [liveDocument("here", mine, synced), liveDocument("elsewhere", beside)];
  const heard = { people: [] as (readonly Participant[])[], ended: 0, elsewhere: [] as string[] };
  const presence = createPresence({
    editor: standIn.editor,
    container,
    options: { user: () => ADA } as never,
    events: {
      participants: (people: readonly Participant[]) => heard.people.push(people),
      followEnded: () => (heard.ended += 1),
      followedElsewhere: (fileId: string) => heard.elsewhere.push(fileId),
    } as never,
    registry: { documents: () => [here, elsewhere] } as never,
    shown: () => here,
    mapping: () => undefined,
    isActive: () => true,
    isSpokenFor: () => false,
  });
  presence.watch(here);
  const bob = createReplica();
  bob.text.insert(0, TEXT);
  /** Bob's cursor arrives in a file, as an update of awareness does. */
  const say = (into: Replica, user: { id: string; name: string; color: string }, head: number): void => {
    // A position is told by what is beside it: the other's document has to be this one's.
    const theirs = { doc: into.doc, text: into.text, awareness: bob.awareness };
    announceCursor(theirs, user, { anchor: head, head });
    applyAwarenessUpdate(into.awareness, encodeAwarenessUpdate(bob.awareness, [bob.awareness.clientID]), "test");
  };
  const BOB = { id: "bob", name: "Bob", color: "#12713f" };
  return {
    presence,
    standIn,
    heard,
    here,
    container,
    myState: () => mine.awareness.getLocalState(),
    bobIsAt: (head: number) => say(mine, BOB, head),
    bobIsBeside: () => {
      beside.text.insert(0, "x");
      say(beside, BOB, 0);
    },
    sync: () => {
      here.synced = true;
      here.onSynced.emit(mine);
    },
  };
};
