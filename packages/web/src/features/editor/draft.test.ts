import { describe, expect, test, vi } from "vitest";
import type { Draft } from "../collaboration/unsaved-store.ts";
import { mergeOnto, recordDraft } from "./draft.ts";
import { createFakeModel } from "./fake-model.testing.ts";
import { applyChanges } from "./text-changes.ts";

const draftOn = (base: string) => {
  const fake = createFakeModel(base);
  const onFirstEdit = vi.fn<() => void>();
  const onKeep = vi.fn<(kept: Draft) => void>();
  const draft = recordDraft({ model: fake.model, base, onFirstEdit, onKeep });
  return {
    fake,
    draft,
    onFirstEdit,
    onKeep,
    type: (at: number, text: string, deleted = 0) => fake.type([{ offset: at, deleted, inserted: text }]),
  };
};
const onto = (theirs: string, { draft }: ReturnType<typeof draftOn>) =>
  draft.stepsOnto(theirs).reduce(applyChanges, theirs);

describe("a draft", () => {
  test("is replayed step by step on the text it began with", () => {
    const it = draftOn("print()\n");
    it.type(6, "'a'");
    it.type(0, "x = 1\n");
    expect(it.onFirstEdit).toHaveBeenCalledTimes(1);
    expect(it.draft.stepsOnto("print()\n")).toHaveLength(2);
    expect(onto("print()\n", it)).toBe("x = 1\nprint('a')\n");
  });

  test("keeps what others wrote meanwhile", () => {
    const it = draftOn("one\ntwo\nthree\n");
    it.type(13, "!");
    expect(onto("ZERO\none\ntwo\nthree\n", it)).toBe("ZERO\none\ntwo\nthree!\n");
  });

  test("promoted, it is not added twice to a project made from the edited text", () => {
    const it = draftOn("sample");
    it.type(6, " edited");
    it.draft.promote();
    it.type(13, " more");
    expect(onto("sample edited", it)).toBe("sample edited more");
  });

  test("without an edit there is nothing to do", () => {
    expect(draftOn("a").draft.stepsOnto("b")).toEqual([]);
  });

  test("is kept on the device after a pause, and not after it ended", () => {
    vi.useFakeTimers();
    try {
      const it = draftOn("a");
      it.type(1, "b");
      it.type(2, "c");
      vi.advanceTimersByTime(300);
      expect(it.onKeep.mock.calls).toEqual([[{ base: "a", text: "abc" }]]);
      it.type(3, "d");
      it.draft.stop();
      vi.advanceTimersByTime(300);
      expect(it.onKeep).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test("is kept at once when that is asked for, and then not again for the same edit", () => {
    vi.useFakeTimers();
    try {
      const it = draftOn("a");
      it.draft.keep();
      expect(it.onKeep).not.toHaveBeenCalled();
      it.type(1, "b");
      it.draft.keep();
      vi.advanceTimersByTime(300);
      expect(it.onKeep.mock.calls).toEqual([[{ base: "a", text: "ab" }]]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("of an earlier visit merges onto what the document became", () => {
    const theirs = "a\nB\nc\n";
    expect(applyChanges(theirs, mergeOnto(theirs, { base: "a\nb\nc\n", text: "a\nb\nc\nmine\n" }))).toBe(
      "a\nB\nc\nmine\n",
    );
  });
});
