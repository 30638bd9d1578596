/** The interface between the editor and the shell. */
import type { SaveState } from "../collaboration/save-state.ts";
import type { OpenChannel } from "../../app/project-socket.ts";
import type { EditorAction } from "./editor-action.ts";
import type { Problem } from "./problems/problem.ts";

export type { EditorAction } from "./editor-action.ts";
export type { Problem } from "./problems/problem.ts";
export type { ReadOnlyReason, SaveState } from "../collaboration/save-state.ts";

/**
 * A file to show. A local file lives only in this page (the sample before a project exists) and has the id
 * `localFileId(path)`; a live file is a document of a project and is edited together. `initialText` is shown,
 * without taking keys into the document, until the first sync.
 */
export type OpenFile =
  | { kind: "local"; path: string; text: string }
  | { kind: "live"; projectId: string; fileId: string; path: string; initialText?: string; readOnly: boolean };

/** A person in the shown file. `id` is the user's id; `isMe` marks the reader's own other windows. */
export interface Participant {
  id: string;
  name: string;
  /** `#rrggbb`, already made safe for styles. */
  color: string;
  fileId: string;
  /** Where the cursor is, 1-based, or absent while they have none. */
  position?: { line: number; column: number };
  isMe: boolean;
}

export interface EditorUser {
  id: string;
  name: string;
  color: string;
}

export type EditorTheme = "light" | "dark";

/** What the user has set for all files. */
export interface EditorPreferences {
  /** Columns of a step of indentation, where the file's own text says nothing else. */
  readonly tabSize: number;
  readonly insertSpaces: boolean;
  readonly wordWrap: boolean;
  readonly minimap: boolean;
  readonly keymap: "standard" | "vim";
}

/** One line for the shell's log; never carries text of a file. */
export type EditorLog = (event: string, details?: Record<string, unknown>) => void;

/** The files of the open project, for parts that need more than the shown file. */
export interface ProjectSources {
  /** By path: `size` in bytes, and a stamp that changes whenever the content changes. */
  files(): ReadonlyMap<string, { readonly size: number; readonly stamp: string }>;
  /** Resolves with the text, or undefined if the file is not text. @throws ApiProblem, Unreachable */
  read(path: string): Promise<string | undefined>;
  onChange(listener: () => void): Unsubscribe;
}

export interface EditorOptions {
  theme: EditorTheme;
  preferences: EditorPreferences;
  /** Called each time the editor announces the user, so that a guest who registers is renamed; undefined before sign-in. */
  user: () => EditorUser | undefined;
  /** Channels of documents. */
  openChannel: OpenChannel;
  log: EditorLog;
  /** Absent when no project can be open. */
  sources?: ProjectSources;
  /** The JSON Schema of `atelier.json`. */
  atelierSchema?: () => Promise<object>;
}

/** A text that could not be merged and was kept on this device. */
export interface RecoveredCopy {
  projectId: string;
  fileId: string;
  path: string;
  text: string;
  /** Milliseconds since the epoch. */
  keptAt: number;
}

/** How a file is indented: by spaces or by tabs, `size` columns a step. */
export interface Indentation {
  readonly spaces: boolean;
  readonly size: number;
}

/** Monaco's status of the shown file. */
export interface EditorStatus {
  /** 1-based, of the first cursor. */
  readonly line: number;
  readonly column: number;
  readonly cursors: number;
  /** UTF-16 units in all selections. */
  readonly selected: number;
  readonly indentation: Indentation;
  readonly lineEnds: "LF" | "CRLF";
  /** The name of the syntax, such as `Python`. */
  readonly language: string;
}

/** A comparison that is shown. */
export interface DiffHandle {
  /** Goes to a difference and gives it the keyboard. */
  go(where: "next" | "previous"): void;
  dispose(): void;
}

/** An action of the heavy editor, for the palette. */
export interface EditorCommand {
  readonly id: string;
  readonly label: string;
}

export type Unsubscribe = () => void;

/** Which of the two groups of the editor: the first one, or the one beside it. */
export type GroupSide = 0 | 1;

/** The editor of one pane; every method may be called before the heavy editor has loaded. */
export interface EditorHandle {
  /** Shows a file in the active view, or shows it again (perhaps under a new name) with its selection, scroll position and undo kept. */
  open(file: OpenFile): void;
  /** Closes a file's view; its unsaved changes stay on the device until they are confirmed. */
  close(fileId: string): void;
  /** Adds a second view, in another host. What follows goes on with the active view. Nothing before the heavy editor is in place. */
  split(host: HTMLElement): void;
  /** Removes the second view; if that one is to be kept, the first shows what it showed. The first is active then. */
  unsplit(kept: GroupSide): void;
  /** All calls that do not name a file are about the file in this view from now on. The keyboard stays where it is. */
  activate(side: GroupSide): void;
  focus(): void;
  /**
   * Moves the cursor to a 1-based line and column of the shown file and scrolls it to the middle, as soon as its text
   * is here. The focus stays where it is.
   */
  reveal(line: number, column?: number): void;
  setTheme(theme: EditorTheme): void;
  /** Also reads the size and font of code anew from the page's styles. */
  setPreferences(preferences: EditorPreferences): void;
  /** Hears the state of each open file on every change, and of the last one that changed at once. */
  onSaveState(listener: (state: SaveState, fileId: string) => void): Unsubscribe;
  /** Hears who is in the shown file at once and on every change. */
  onParticipants(listener: (participants: readonly Participant[]) => void): Unsubscribe;
  /** Keeps the named participant's cursor in view; null stops. The shell opens the file they are in. */
  follow(participantId: string | null): void;
  /** Hears when following ended by the reader's own doing (a key, a click, Escape). */
  onFollowEnded(listener: () => void): Unsubscribe;
  /** Hears that a followed person, seen in another open document of this page, is there now. */
  onFollowedElsewhere(listener: (fileId: string) => void): Unsubscribe;
  /** The text of a file that is open (the shown one by default); "" if there is none. */
  getText(fileId?: string): string;
  /** Turns a local file into a live one: what was typed is applied to the synced document as the reader's edits. */
  promote(localPath: string, to: { projectId: string; fileId: string }): void;
  /** Hears the reader's first change to each local file. */
  onFirstEdit(listener: (path: string) => void): Unsubscribe;
  /** Hears where the cursor of the shown file is and how its text is written, at once and on every change; undefined without a file. */
  onStatus(listener: (status: EditorStatus | undefined) => void): Unsubscribe;
  /** Indents the shown file in another way from now on; its text stays as it is. */
  setIndentation(indentation: Indentation): void;
  /** Calls the listener with the problems of the shown file, at once and on every change; with none while they are not known. */
  onProblems(listener: (problems: readonly Problem[]) => void): Unsubscribe;
  /** Hears of unsaved text that belonged to another generation of a document and could not be merged. */
  onRecovered(listener: (copy: RecoveredCopy) => void): Unsubscribe;
  /** Removes a recovered copy that the user has handled. */
  discardRecovered(copy: RecoveredCopy): void;
  /** Does what a key does in the shown file; nothing when it can't be edited. The focus does not move. */
  act(action: EditorAction): void;
  /** The editor's own actions that are possible now, such as folding; none before the heavy editor is in place. */
  actions(): readonly EditorCommand[];
  /** Runs one of them in the shown file and gives the editor the keyboard. */
  runAction(id: string): void;
  /** Fills the host with the difference between an older text and the shown file; undefined before the heavy editor is in place. */
  compare(host: HTMLElement, older: string): DiffHandle | undefined;
  /** Opens the find widget of the shown file. */
  find(): void;
  /** Resolves when every unsaved change of every open document is confirmed, or after `timeoutMs`. */
  whenSaved(timeoutMs: number): Promise<boolean>;
  /** Resolves once the heavy editor is in place. */
  ready: Promise<void>;
  dispose(): void;
}

/** The id under which a local file is closed and read. */
export function localFileId(path: string): string {
  return `local:${path}`;
}
