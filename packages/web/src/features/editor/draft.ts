/** Records the edits of a file before its shared document is loaded. */
import type { Draft } from "../collaboration/unsaved-store.ts";
import { EndOfLinePreference, type EditorModel } from "./monaco/types.ts";
import { type TextChange, applyChanges, changesFromModel, rebaseChanges } from "./text-changes.ts";
import { diffTexts } from "./text-diff.ts";

export interface DraftRecorder {
  readonly dirty: boolean;
  /** How many edits were recorded. */
  readonly edits: number;
  /** Stores pending edits at once instead of after a pause. */
  keep(): void;
  /** The steps that merge the user's edits into `theirs`. */
  stepsOnto(theirs: string): TextChange[][];
  /** From now on the base is the document's text, because a new project's file was created from this text. */
  promote(): void;
  stop(): void;
}

export interface DraftOptions {
  model: EditorModel;
  base: string;
  onFirstEdit: () => void;
  /** Called after pauses with the draft to store on the device. */
  onKeep: (draft: Draft) => void;
}

const KEEP_AFTER_MS = 250;
/** Above this number of steps the whole difference becomes one step. */
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

/** The changes that merge a draft's edits into the present text of its base. */
export function mergeOnto(theirs: string, { base, text }: Draft): TextChange[] {
  return rebaseChanges(diffTexts(base, text), diffTexts(base, theirs));
}

const replay = (base: string, steps: readonly TextChange[][]): string => steps.reduce(applyChanges, base);
