/** Keeps a Monaco model and a shared Yjs text equal: local edits go out as one transaction, others' come in as edits. */
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
import { type TextChange, changesFromDelta, changesFromModel, mapOffset, widenOverPairs } from "./text-changes.ts";
import { diffTexts } from "./text-diff.ts";

export interface BindingOptions {
  model: EditorModel;
  text: Y.Text;
  /** The origin of the reader's own transactions. */
  origin: object;
  /** The editor that shows the model now, for its cursors. */
  editor: () => StandaloneEditor | undefined;
  /** May this reader change the shared text? Asked before it is put right. */
  mayWrite: () => boolean;
  /** Called before a local edit becomes a transaction. */
  beforeEdit?: (changes: readonly TextChange[]) => void;
  /** Called after others' edits (or an undo) reached the model. */
  afterOutsideEdit?: (changes: readonly TextChange[], origin: unknown) => void;
  log: (event: string, details?: Record<string, unknown>) => void;
}

export interface MonacoBinding {
  /** Applies changes to model and shared text as the reader's own edit. */
  edit(changes: readonly TextChange[]): void;
  dispose(): void;
}

/** Line ends in the shared text are LF; a model drops a leading byte order mark by itself. */
const clean = (text: string): string => text.replaceAll(/\r\n?/g, "\n").replace(/^\u{FEFF}/u, "");

/** Binds both for as long as the replica lives; the model's text is replaced by the shared one, by its least difference. */
export function bindModel(options: BindingOptions): MonacoBinding {
  const { model, text, origin } = options;
  let fromModel = false;
  let toModel = false;

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
  const toShared = (changes: readonly TextChange[]) => {
    const widened = widenOverPairs(changes, unitAt);
    const apart = widened.every(
      (change, index) => index === 0 || change.offset >= endOf(widened[index - 1] as TextChange),
    );
    if (apart) transact(widened);
    const whole = apart && widened.every(({ inserted }) => inserted.isWellFormed());
    if (!whole || model.getValueLength(EndOfLinePreference.LF) !== text.length) {
      options.log("binding.realigned", { direction: "out" });
      transact(diffTexts(text.toJSON(), model.getValue(EndOfLinePreference.LF).toWellFormed()));
      alignModel();
    }
  };
  const applyToModel = (changes: readonly TextChange[]) => {
    if (changes.length === 0) return;
    const editor = options.editor();
    const before = editor?.getSelections()?.map((selection) => selectionOffsets(model, selection));
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
    if (!editor || !before || editor.inComposition) return;
    // Monaco pushes a cursor behind what was inserted at it; the reader's next key belongs to the reader's last one.
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
  /** Makes the model what the shared text is; where the text breaks our rules, the text first if that is allowed. */
  const alignModel = () => {
    const shared = text.toJSON();
    const tidy = clean(shared);
    if (tidy !== shared && options.mayWrite()) transact(diffTexts(shared, tidy));
    applyToModel(diffTexts(model.getValue(EndOfLinePreference.LF), tidy));
  };

  const observe = (event: Y.YTextEvent, transaction: Y.Transaction) => {
    if (fromModel) return;
    const changes = changesFromDelta(event.delta);
    if (changes.some(({ inserted }) => /[\r\u{FEFF}]/u.test(inserted))) alignModel();
    else applyToModel(changes);
    if (model.getValueLength(EndOfLinePreference.LF) !== text.length) {
      options.log("binding.realigned", { direction: "in" });
      alignModel();
    }
    options.afterOutsideEdit?.(changes, transaction.origin);
  };

  alignModel();
  text.observe(observe);
  const subscription = model.onDidChangeContent((event) => {
    if (toModel) return;
    if (event.isFlush || event.isEolChange) {
      transact(diffTexts(text.toJSON(), model.getValue(EndOfLinePreference.LF)));
      return;
    }
    const changes = changesFromModel(event.changes);
    options.beforeEdit?.(changes);
    toShared(changes);
  });

  return {
    edit: (changes) => {
      if (changes.length === 0) return;
      options.beforeEdit?.(changes);
      transact(changes);
      applyToModel(changes);
    },
    dispose: () => {
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

const endOf = (change: TextChange): number => change.offset + change.deleted;
