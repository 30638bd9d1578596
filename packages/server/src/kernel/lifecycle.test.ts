import { describe, expect, it } from "vitest";
import { type Component, Lifecycle } from "./lifecycle.ts";

const start = (stopDeadlineMs = 1000) => {
  const said: string[] = [];
  const lifecycle = new Lifecycle({ stopDeadlineMs, onFault: (name) => void said.push(`fault ${name}`) });
  const component = (name: string, work: Partial<Component> = {}): Component => ({
    name,
    start: async () => void said.push(`start ${name}`),
    [Symbol.asyncDispose]: async () => void said.push(`stop ${name}`),
    ...work,
  });
  return { said, lifecycle, component };
};

describe("a lifecycle", () => {
  it("stops in reverse order, once, and continues after a fault or a deadline", async () => {
    const { said, lifecycle, component } = start(20);
    await lifecycle.start(component("a"));
    await lifecycle.start(component("b", { [Symbol.asyncDispose]: () => Promise.reject(new Error("planted")) }));
    await lifecycle.start(component("c", { [Symbol.asyncDispose]: () => new Promise(() => undefined) }));
    await lifecycle.start(component("d"));
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    expect(said.slice(4)).toEqual(["stop d", "fault c", "fault b", "stop a"]);
    expect(lifecycle.signal.aborted).toBe(true);
  });

  it("stops a component whose start failed", async () => {
    const { said, lifecycle, component } = start();
    await lifecycle.start(component("a"));
    await expect(
      lifecycle.start(component("b", { start: () => Promise.reject(new Error("planted")) })),
    ).rejects.toThrow("planted");
    await lifecycle.stop();
    expect(said).toEqual(["start a", "stop b", "stop a"]);
  });

  it("waits for a pending start before it stops that component, and starts no other", async () => {
    const { said, lifecycle, component } = start();
    const gate = Promise.withResolvers<void>();
    const starting = lifecycle.start(
      component("slow", { start: () => gate.promise.then(() => void said.push("start slow")) }),
    );
    const outcome = starting.then(
      () => "started",
      (error: Error) => error.name,
    );
    const stopping = lifecycle.stop();
    gate.resolve();
    await stopping;
    expect(await outcome).toBe("AbortError");
    expect(said).toEqual(["start slow", "stop slow"]);
    await expect(lifecycle.start(component("late"))).rejects.toThrow(/abort/iu);
    expect(said).toHaveLength(2);
  });
});
