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
  it("disappear after six seconds, with one callback", () => {
    const gone = vi.fn<() => void>();
    showToast({ text: "a", onGone: gone });
    vi.advanceTimersByTime(5999);
    expect(texts()).toEqual(["a"]);
    vi.advanceTimersByTime(1);
    expect(texts()).toEqual([]);
    vi.advanceTimersByTime(10_000);
    expect(gone).toHaveBeenCalledOnce();
  });

  it("stay while they are paused, and for their whole time after that", () => {
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

  it("disappear when there is a fourth, with the same callback", () => {
    const gone = vi.fn<() => void>();
    showToast({ text: "a", onGone: gone });
    for (const text of ["b", "c", "d"]) showToast({ text });
    expect(texts()).toEqual(["b", "c", "d"]);
    expect(gone).toHaveBeenCalledOnce();
  });

  it("run their action instead of the callback, and only once", () => {
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
