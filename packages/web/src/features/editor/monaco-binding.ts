/**
 * Keeps a Monaco model and a shared Yjs text equal: local edits are sent as one transaction, others' are applied as edits. While the user
 * composes with an input method, others' edits of the composed lines are delayed, because the input method replaces fixed columns of the line
 * where it began.
 */
import {
  EndOfLinePreference,
  type EditorModel,
  type StandaloneEditor,
  rangeBetween,
  sameSelection,
  selectionBetween,
  selectionOffsets,
} from "./monaco/types.ts";
import type * as Y from "yjs";
import {
  type DeltaPiece,
  type TextChange,
  changesFromDelta,
  changesFromModel,
  isHighSurrogate,
  isLowSurrogate,
  mapOffset,
  widenOverPairs,
} from "./text-changes.ts";
import { type FrozenLines, type OffsetMapping, createDelayedChanges } from "./delayed-changes.ts";
import { diffTexts } from "./text-diff.ts";
import { anchorView } from "./view-anchor.ts";

export interface BindingOptions {
  model: EditorModel;
  text: Y.Text;
  /** The origin of the reader's own transactions. */
  origin: object;
  /** The editors that show the model now, for their cursors and for the composition in one of them. */
  editors: () => readonly StandaloneEditor[];
  /** Whether this user may change the shared text; checked before the text is corrected. */
  mayWrite: () => boolean;
  /** Called before a local edit becomes a transaction. */
  beforeEdit?: (changes: readonly TextChange[], isComposing: boolean) => void;
  /** Called after others' edits (or an undo) reached the model; not for edits that are delayed. */
  afterOutsideEdit?: (changes: readonly TextChange[], origin: unknown) => void;
  log: (event: string, details?: Record<string, unknown>) => void;
}

export interface MonacoBinding {
  /** Applies changes to model and shared text as the reader's own edit. */
  edit(changes: readonly TextChange[]): void;
  /** Between the model and the shared text. */
  readonly mapping: OffsetMapping;
  dispose(): void;
}

/** Line ends in the shared text are LF; a model drops a leading byte order mark by itself. */
const clean = (text: string): string => text.replaceAll(/\r\n?/g, "\n").replace(/^\u{FEFF}/u, "");

/** Binds both for as long as the replica lives; the model's text is replaced by the shared one, by its least difference. */
export function bindModel(options: BindingOptions): MonacoBinding {
  const { model, text, origin } = options;
  const delayed = createDelayedChanges();
  let fromModel = false;
  let toModel = false;
  let stopWaiting: (() => void) | undefined;

  const unitAt = (offset: number): number => {
    const { lineNumber, column } = model.getPositionAt(offset);
    const line = model.getLineContent(lineNumber);
    return column > line.length ? 10 : line.charCodeAt(column - 1);
  };
  const transact = (changes: readonly TextChange[]) => {
    fromModel = true;
    try {
      applyToText(text, changes, origin);
    } finally {
      fromModel = false;
    }
  };
  const differs = () => model.getValueLength(EndOfLinePreference.LF) + delayed.growth !== text.length;
  const toShared = (changes: readonly TextChange[]) => {
    const widened = widenOverPairs(changes, unitAt);
    const apart = widened.every(
      (change, index) => index === 0 || change.offset >= endOf(widened[index - 1] as TextChange),
    );
    const shared = delayed.cross(apart ? widened : changes);
    if (apart) transact(shared);
    const whole = apart && widened.every(({ inserted }) => inserted.isWellFormed());
    if (!whole || differs()) {
      options.log("binding.realigned", { direction: "out" });
      transact(diffTexts(text.toJSON(), delayed.appliedTo(model.getValue(EndOfLinePreference.LF)).toWellFormed()));
      alignModel();
    }
  };
  const applyToModel = (changes: readonly TextChange[]) => {
    if (changes.length === 0) return;
    const views = options.editors().map((editor) => ({
      editor,
      before: editor.getSelections()?.map((selection) => selectionOffsets(model, selection)) ?? [],
      keepView: anchorView(editor, model),
    }));
    toModel = true;
    try {
      model.applyEdits(
        changes.map(({ offset, deleted, inserted }) => ({
          range: rangeBetween(model.getPositionAt(offset), model.getPositionAt(offset + deleted)),
          text: inserted,
        })),
      );
    } finally {
      toModel = false;
    }
    for (const { editor, before, keepView } of views) {
      if (!editor.inComposition) keepCursors(editor, before, changes);
      keepView(changes);
    }
  };
  const keepCursors = (
    editor: StandaloneEditor,
    before: readonly { anchor: number; head: number }[],
    changes: readonly TextChange[],
  ) => {
    // Monaco moves a cursor behind text that is inserted at it, but the user's next key belongs after the last one.
    const wanted = before.map(({ anchor, head }) =>
      selectionBetween(
        model.getPositionAt(mapOffset(anchor, changes, "before")),
        model.getPositionAt(mapOffset(head, changes, "before")),
      ),
    );
    const now = editor.getSelections();
    if (wanted.some((selection, index) => !sameSelection(selection, now?.[index]))) {
      editor.setSelections(wanted);
    }
  };
  const composing = () => options.editors().filter(({ inComposition }) => inComposition);
  /** The lines that have a cursor while the user composes. */
  const frozenLines = (): FrozenLines[] => {
    const selections = composing().flatMap((editor) => editor.getSelections() ?? []);
    return selections.map(({ startLineNumber, endLineNumber }) => ({
      start: model.getOffsetAt({ lineNumber: startLineNumber, column: 1 }),
      end: model.getOffsetAt({ lineNumber: endLineNumber, column: model.getLineContent(endLineNumber).length + 1 }),
    }));
  };
  /** Applies delayed edits to the model, except on lines that are being composed; the rest waits until the composition ends. */
  const settle = () => {
    applyToModel(delayed.release(frozenLines()));
    const editors = composing();
    if (!delayed.some || editors.length === 0) {
      stopWaiting?.();
      stopWaiting = undefined;
      return;
    }
    if (stopWaiting) return;
    // Also when another file is shown: then nobody composes in this one.
    const waiting = editors.flatMap((editor) => [editor.onDidCompositionEnd(settle), editor.onDidChangeModel(settle)]);
    stopWaiting = () => waiting.forEach((subscription) => subscription.dispose());
  };
  /** Sets the model to the shared text; a text that breaks the rules for line ends is corrected first, if that is allowed. */
  const alignModel = () => {
    const shared = text.toJSON();
    const tidy = clean(shared);
    if (tidy !== shared && options.mayWrite()) transact(diffTexts(shared, tidy));
    delayed.reset(diffTexts(model.getValue(EndOfLinePreference.LF), tidy));
    settle();
  };

  const observe = (event: Y.YTextEvent, transaction: Y.Transaction) => {
    if (fromModel) return;
    const changes = changesFromDelta(event.delta);
    // Read before the model changes: offsets refer to the model's text before the edit, and delayed edits are not in it.
    const mayDiffer = delayed.some || breaksPairs(event.delta, unitAt) || hidesEdits(transaction);
    if (changes.some(({ inserted }) => /[\r\u{FEFF}]/u.test(inserted))) alignModel();
    else {
      delayed.add(changes);
      settle();
    }
    if (differs() || (mayDiffer && delayed.appliedTo(model.getValue(EndOfLinePreference.LF)) !== text.toJSON())) {
      options.log("binding.realigned", { direction: "in" });
      alignModel();
    }
    if (!delayed.some) options.afterOutsideEdit?.(changes, transaction.origin);
  };

  alignModel();
  text.observe(observe);
  const subscription = model.onDidChangeContent((event) => {
    if (toModel) return;
    if (event.isFlush || event.isEolChange) {
      delayed.reset([]);
      transact(diffTexts(text.toJSON(), model.getValue(EndOfLinePreference.LF)));
      return;
    }
    const changes = changesFromModel(event.changes);
    options.beforeEdit?.(changes, composing().length > 0);
    toShared(changes);
  });

  return {
    edit: (changes) => {
      if (changes.length === 0) return;
      options.beforeEdit?.(changes, false);
      transact(delayed.cross(changes));
      applyToModel(changes);
    },
    mapping: delayed,
    dispose: () => {
      stopWaiting?.();
      text.unobserve(observe);
      subscription.dispose();
    },
  };
}

/** Applies changes to a shared text as one transaction. */
export function applyToText(text: Y.Text, changes: readonly TextChange[], origin: object): void {
  text.doc?.transact(() => {
    for (const { offset, deleted, inserted } of changes.toReversed()) {
      if (deleted > 0) text.delete(offset, deleted);
      if (inserted !== "") text.insert(offset, inserted.toWellFormed());
    }
  }, origin);
}

/**
 * Whether an edit begins or ends inside a surrogate pair. Yjs then replaces both halves by U+FFFD without reporting it in the delta: the
 * texts differ, their lengths do not. `unitAt` reads the text before the edit.
 */
function breaksPairs(delta: readonly DeltaPiece[], unitAt: (offset: number) => number): boolean {
  let offset = 0;
  const isInside = (): boolean => offset > 0 && isHighSurrogate(unitAt(offset - 1)) && isLowSurrogate(unitAt(offset));
  for (const piece of delta) {
    if (isInside()) return true;
    offset += piece.retain ?? piece.delete ?? 0;
  }
  return isInside();
}

/** Whether the transaction deleted something that it inserted itself: the delta does not show where. */
function hidesEdits({ deleteSet, beforeState }: Y.Transaction): boolean {
  return [...deleteSet.clients].some(([client, ranges]) =>
    ranges.some(({ clock, len }) => clock + len > (beforeState.get(client) ?? 0)),
  );
}

const endOf = (change: TextChange): number => change.offset + change.deleted;
