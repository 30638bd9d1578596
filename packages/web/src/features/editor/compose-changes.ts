/** Combines lists of text changes: composes successive ones, and transforms concurrent ones against each other. */
import { collectChanges, type TextChange } from "./text-changes.ts";

/** An edit as steps over the text before it. After the last step the rest of the text is kept. */
type Step = { keep: number } | { cut: number } | { put: string };

/** When two edits are compared: whether a replacement's new text is before or after the text that it replaces. */
type PutSide = "put-first" | "cut-first";

function stepsOf(changes: readonly TextChange[], side: PutSide): Step[] {
  const steps: Step[] = [];
  let from = 0;
  for (const { offset, deleted, inserted } of changes) {
    if (offset > from) steps.push({ keep: offset - from });
    const put: Step[] = inserted === "" ? [] : [{ put: inserted }];
    const cut: Step[] = deleted === 0 ? [] : [{ cut: deleted }];
    steps.push(...(side === "put-first" ? [...put, ...cut] : [...cut, ...put]));
    from = offset + deleted;
  }
  return steps;
}

/** Reads steps in pieces; after the last one everything is kept. */
function reader(steps: readonly Step[]) {
  let index = 0;
  let used = 0;
  const lengthOf = (step: Step | undefined): number => {
    if (!step) return Infinity;
    return "put" in step ? step.put.length : "cut" in step ? step.cut : step.keep;
  };
  return {
    kind: (): "keep" | "cut" | "put" => {
      const step = steps[index];
      return !step || "keep" in step ? "keep" : "cut" in step ? "cut" : "put";
    },
    get left() {
      return lengthOf(steps[index]) - used;
    },
    get ended() {
      return index >= steps.length;
    },
    /** The text of the next `count` units of an insertion. */
    take: (count: number): string => {
      const step = steps[index];
      const text = step && "put" in step ? step.put.slice(used, used + count) : "";
      used += count;
      if (used >= lengthOf(step)) {
        index += 1;
        used = 0;
      }
      return text;
    },
  };
}

/** Composes two edits: `second` was made on the text after `first`; the result applies to the text before `first`. */
export function composeChanges(first: readonly TextChange[], second: readonly TextChange[]): TextChange[] {
  const [a, b] = [reader(stepsOf(first, "put-first")), reader(stepsOf(second, "put-first"))];
  const out = collectChanges();
  while (!a.ended || !b.ended) {
    if (b.kind() === "put") out.put(b.take(b.left));
    else if (a.kind() === "cut") {
      const count = a.left;
      a.take(count);
      out.cut(count);
    } else {
      const count = Math.min(a.left, b.left);
      const [from, to] = [a.kind(), b.kind()];
      const text = a.take(count);
      b.take(count);
      if (to === "keep") {
        if (from === "put") out.put(text);
        else out.keep(count);
      } else if (from === "keep") out.cut(count);
    }
  }
  return out.changes;
}

/**
 * Transforms two concurrent edits of the same text: the new `mine` applies after `theirs` and the other way round, and both orders give the
 * same text. When both insert at the same position, mine comes first, except when mine replaces text: then their insertion before that
 * text stays before it.
 */
export function crossChanges(
  mine: readonly TextChange[],
  theirs: readonly TextChange[],
): { mine: TextChange[]; theirs: TextChange[] } {
  return { mine: over(mine, theirs, true), theirs: over(theirs, mine, false) };
}

function over(moved: readonly TextChange[], by: readonly TextChange[], movedIsMine: boolean): TextChange[] {
  const [movedSide, bySide] = movedIsMine
    ? (["cut-first", "put-first"] as const)
    : (["put-first", "cut-first"] as const);
  const [a, b] = [reader(stepsOf(moved, movedSide)), reader(stepsOf(by, bySide))];
  const out = collectChanges();
  while (!a.ended) {
    if (a.kind() === "put" && (movedIsMine || b.kind() !== "put")) out.put(a.take(a.left));
    else if (b.kind() === "put") {
      const count = b.left;
      b.take(count);
      out.keep(count);
    } else {
      const count = Math.min(a.left, b.left);
      const [mine, theirs] = [a.kind(), b.kind()];
      a.take(count);
      b.take(count);
      if (theirs === "cut") continue;
      if (mine === "cut") out.cut(count);
      else out.keep(count);
    }
  }
  return out.changes;
}
