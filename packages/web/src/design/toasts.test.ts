import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dismissToast, dismissTopic, pauseToasts, runToastAction, showToast, toastStore } from "./toasts.ts";

const texts = () => toastStore.getState().toasts.map(({ text }) => text);

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  pauseToasts(false);
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

  it("stay while they are paused, and go their whole time after that", () => {
    showToast({ text: "a" });
    vi.advanceTimersByTime(5000);
    pauseToasts(true);
    showToast({ text: "b" });
    vi.advanceTimersByTime(60_000);
    expect(texts()).toEqual(["a", "b"]);
    pauseToasts(false);
    vi.advanceTimersByTime(5999);
    expect(texts()).toEqual(["a", "b"]);
    vi.advanceTimersByTime(1);
    expect(texts()).toEqual([]);
  });

  it("go when there is a fourth, whose going is told like any other", () => {
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

  it("replace the one of the same topic, and a topic can be dismissed", () => {
    const gone = vi.fn<() => void>();
    showToast({ text: "a", topic: "run", onGone: gone });
    showToast({ text: "b" });
    showToast({ text: "c", topic: "run" });
    expect(texts()).toEqual(["b", "c"]);
    expect(gone).toHaveBeenCalledOnce();
    dismissTopic("run");
    dismissTopic("run");
    expect(texts()).toEqual(["b"]);
  });
});
