/** What is typed into a file before its shared document is there, remembered edit by edit. */
import type { Draft } from "../collaboration/unsaved-store.ts";
import { EndOfLinePreference, type EditorModel } from "./monaco/types.ts";
import { type TextChange, applyChanges, changesFromModel, rebaseChanges } from "./text-changes.ts";
import { diffTexts } from "./text-diff.ts";

export interface DraftRecorder {
  readonly dirty: boolean;
  /** How many edits were recorded. */
  readonly edits: number;
  /** Keeps at once what waits for a pause. */
  keep(): void;
  /** The steps that turn `theirs` into a text that holds the reader's edits too. */
  stepsOnto(theirs: string): TextChange[][];
  /** From now on the base is whatever the document holds: a new project's file was made from this very text. */
  promote(): void;
  stop(): void;
}

export interface DraftOptions {
  model: EditorModel;
  base: string;
  onFirstEdit: () => void;
  /** Called after pauses with what to keep on the device. */
  onKeep: (draft: Draft) => void;
}

const KEEP_AFTER_MS = 250;
/** Beyond this many steps the whole difference is one step. */
const MAX_STEPS = 5_000;

export function recordDraft({ model, base, onFirstEdit, onKeep }: DraftOptions): DraftRecorder {
  const steps: TextChange[][] = [];
  let edits = 0;
  let promoted = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const keep = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    onKeep({ base, text: textNow() });
  };
  const textNow = () => model.getValue(EndOfLinePreference.LF);
  const subscription = model.onDidChangeContent((event) => {
    if (steps.length <= MAX_STEPS) steps.push(changesFromModel(event.changes));
    edits += 1;
    if (edits === 1) onFirstEdit();
    timer ??= setTimeout(keep, KEEP_AFTER_MS);
  });
  return {
    get dirty() {
      return edits > 0;
    },
    get edits() {
      return edits;
    },
    keep,
    stepsOnto: (theirs) => {
      if (edits === 0) return [];
      const mine = textNow();
      if (theirs === base && steps.length <= MAX_STEPS && replay(base, steps) === mine) return steps;
      return [promoted ? diffTexts(theirs, mine) : mergeOnto(theirs, { base, text: mine })];
    },
    promote: () => {
      promoted = true;
    },
    stop: () => {
      clearTimeout(timer);
      subscription.dispose();
    },
  };
}

/** The changes that bring a draft's edits onto what its base has become. */
export function mergeOnto(theirs: string, { base, text }: Draft): TextChange[] {
  return rebaseChanges(diffTexts(base, text), diffTexts(base, theirs));
}

const replay = (base: string, steps: readonly TextChange[][]): string => steps.reduce(applyChanges, base);
