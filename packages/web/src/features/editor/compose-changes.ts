/** Combines lists of text changes: one after the other, and one moved over another that was made at the same time. */
import type { TextChange } from "./text-changes.ts";

/** A whole edit as a walk over the text before it. Past its end the rest of the text is kept. */
type Step = { keep: number } | { cut: number } | { put: string };

/** Where a replacement's new text stands while two edits are compared: before or behind what it replaces. */
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

/** Collects steps back into the fewest changes. */
function collect() {
  const changes: TextChange[] = [];
  let offset = 0;
  let open: TextChange | undefined;
  const at = () => {
    if (!open) changes.push((open = { offset, deleted: 0, inserted: "" }));
    return open;
  };
  return {
    changes,
    keep: (count: number) => {
      if (count === 0) return;
      offset += count;
      open = undefined;
    },
    cut: (count: number) => {
      if (count === 0) return;
      at().deleted += count;
      offset += count;
    },
    put: (text: string) => {
      if (text !== "") at().inserted += text;
    },
  };
}

/** Reads steps piece by piece; behind the last one everything is kept. */
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
    /** The text of the next `count` units of a put. */
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

/** Both edits as one: `second` was made on the text after `first`; the result is made on the text before it. */
export function composeChanges(first: readonly TextChange[], second: readonly TextChange[]): TextChange[] {
  const [a, b] = [reader(stepsOf(first, "put-first")), reader(stepsOf(second, "put-first"))];
  const out = collect();
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
 * Moves two edits of the same text over each other: `mine` fits the text after `theirs` and the other way round, and both
 * orders give one text. What both insert at one place comes out with mine in front, except where mine replaces
 * something: what they inserted before that stays before it.
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
  const out = collect();
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
