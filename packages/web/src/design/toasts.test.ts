import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dismissToast, holdToasts, runToastAction, showToast, toastStore } from "./toasts.ts";

const texts = () => toastStore.getState().toasts.map(({ text }) => text);

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  holdToasts(false);
  vi.runAllTimers();
  vi.useRealTimers();
});

describe("toasts", () => {
  it("go after six seconds and say so once", () => {
    const gone = vi.fn<() => void>();
    showToast({ text: "a", onGone: gone });
    vi.advanceTimersByTime(5999);
    expect(texts()).toEqual(["a"]);
    vi.advanceTimersByTime(1);
    expect(texts()).toEqual([]);
    vi.advanceTimersByTime(10_000);
    expect(gone).toHaveBeenCalledOnce();
  });

  it("stay while they are held, and go their whole time after that", () => {
    showToast({ text: "a" });
    vi.advanceTimersByTime(5000);
    holdToasts(true);
    showToast({ text: "b" });
    vi.advanceTimersByTime(60_000);
    expect(texts()).toEqual(["a", "b"]);
    holdToasts(false);
    vi.advanceTimersByTime(5999);
    expect(texts()).toEqual(["a", "b"]);
    vi.advanceTimersByTime(1);
    expect(texts()).toEqual([]);
  });

  it("make room for a fourth, whose going is told like any other", () => {
    const gone = vi.fn<() => void>();
    showToast({ text: "a", onGone: gone });
    for (const text of ["b", "c", "d"]) showToast({ text });
    expect(texts()).toEqual(["b", "c", "d"]);
    expect(gone).toHaveBeenCalledOnce();
  });

  it("do what they offer instead of going, and do it once", () => {
    const [run, gone] = [vi.fn<() => void>(), vi.fn<() => void>()];
    const id = showToast({ text: "a", action: { label: "Undo", run }, onGone: gone });
    runToastAction(id);
    runToastAction(id);
    dismissToast(id);
    vi.advanceTimersByTime(10_000);
    expect(run).toHaveBeenCalledOnce();
    expect(gone).not.toHaveBeenCalled();
  });
});
