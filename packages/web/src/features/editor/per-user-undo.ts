/** Undo and redo of the reader's own edits only, behind Monaco's own commands and menus. */
import * as Y from "yjs";
import type { EditorModel } from "./monaco/types.ts";
import type { TextChange } from "./text-changes.ts";

/** Edits further apart than this are undone one by one. */
const GROUP_MS = 800;

export interface PerUserUndo {
  readonly manager: Y.UndoManager;
  /**
   * Tells of a local edit before it happens, so that a new kind of edit begins a new step. All edits of a composition, its commit included,
   * are one step, however long it takes.
   */
  readonly beforeEdit: (changes: readonly TextChange[], isComposing?: boolean) => void;
  /** The reader moved the cursor, or begins a composition: the next edit begins a new step. */
  boundary(): void;
  dispose(): void;
}

type EditKind = "word" | "space" | "delete" | "composition" | "other";

/** Takes over the model's undo; its own stack does not know of others' edits and would undo the wrong text. */
export function createPerUserUndo(model: EditorModel, text: Y.Text, origin: object): PerUserUndo {
  const manager = new Y.UndoManager(text, { trackedOrigins: new Set([origin]), captureTimeout: GROUP_MS });
  let last: EditKind | undefined;
  const taken = takeOver(model, {
    undo: () => {
      last = undefined;
      manager.undo();
    },
    redo: () => {
      last = undefined;
      manager.redo();
    },
    canUndo: () => manager.undoStack.length > 0,
    canRedo: () => manager.redoStack.length > 0,
  });
  return {
    manager,
    beforeEdit: (changes, isComposing = false) => {
      const kind = isComposing ? "composition" : kindOf(changes);
      manager.captureTimeout = isComposing ? Number.POSITIVE_INFINITY : GROUP_MS;
      const continues = kind === last || (last === "space" && kind === "word");
      if (kind === "other" || !continues) manager.stopCapturing();
      last = kind;
    },
    boundary: () => {
      last = undefined;
    },
    dispose: () => {
      taken();
      manager.destroy();
    },
  };
}

function kindOf(changes: readonly TextChange[]): EditKind {
  const sameEverywhere = changes.every(
    ({ inserted, deleted }) => inserted === changes[0]?.inserted && (deleted === 0) === (changes[0].deleted === 0),
  );
  const first = changes[0];
  if (!first || !sameEverywhere) return "other";
  if (first.inserted === "") return "delete";
  if (first.deleted > 0 || first.inserted.length > 2) return "other";
  return /^[^\S\n]+$/.test(first.inserted) ? "space" : first.inserted.includes("\n") ? "other" : "word";
}

type UndoMethods = Record<"undo" | "redo", () => void> & Record<"canUndo" | "canRedo", () => boolean>;

/** Shadows the four methods on this one model; the returned function uncovers Monaco's own again. */
function takeOver(model: EditorModel, methods: UndoMethods): () => void {
  Object.assign(model, methods);
  return () => {
    for (const name of Object.keys(methods)) Reflect.deleteProperty(model, name);
  };
}
