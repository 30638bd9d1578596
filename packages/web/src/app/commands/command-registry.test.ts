import { describe, expect, it } from "vitest";
import { type Command, createCommandRegistry } from "./command-registry.ts";
import type { KeyPress } from "./key-binding.ts";

const press = (key: string): KeyPress => ({
  key,
  code: "",
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
});
const command = (id: string, rest: Partial<Command> = {}): Command => ({ id, run: () => undefined, ...rest });

describe("the command registry", () => {
  it("lists the enabled commands with a title, in the order of registration", () => {
    const registry = createCommandRegistry();
    let isOpen = false;
    registry.register([
      command("b.second", { title: "Second", when: () => isOpen }),
      command("a.first", { title: "First" }),
      command("c.key-only", { keys: ["F6"] }),
    ]);
    expect(registry.listed().map(({ id }) => id)).toEqual(["a.first"]);
    isOpen = true;
    expect(registry.listed().map(({ id }) => id)).toEqual(["b.second", "a.first"]);
  });

  it("gives a key to its first enabled command; without one, the browser handles the key", () => {
    const registry = createCommandRegistry();
    let isRunning = true;
    registry.register([
      command("run.stop", { keys: ["F5"], when: () => isRunning }),
      command("run.start", { keys: ["F9", "F5"] }),
      command("files.go", { keys: ["F2"], when: () => false }),
    ]);
    expect(registry.forKey(press("F5"))?.id).toBe("run.stop");
    isRunning = false;
    expect(registry.forKey(press("F5"))?.id).toBe("run.start");
    expect(registry.forKey(press("F9"))?.id).toBe("run.start");
    expect(registry.forKey(press("F2"))).toBeUndefined();
    expect(registry.forKey(press("F3"))).toBeUndefined();
  });

  it("runs an enabled command by its id, and returns whether it did", () => {
    const registry = createCommandRegistry();
    const ran: string[] = [];
    registry.register([
      command("a.on", { run: () => ran.push("on") }),
      command("a.off", { when: () => false, run: () => ran.push("off") }),
    ]);
    expect([registry.run("a.on"), registry.run("a.off"), registry.run("a.none")]).toEqual([true, false, false]);
    expect(ran).toEqual(["on"]);
  });

  it("refuses a list with an id that is taken, and registers none of it; a registration can be removed", () => {
    const registry = createCommandRegistry();
    const remove = registry.register([command("a.one", { title: "One" })]);
    expect(() => registry.register([command("a.two", { title: "Two" }), command("a.one")])).toThrow("a.one");
    expect(registry.listed().map(({ id }) => id)).toEqual(["a.one"]);
    remove();
    expect(registry.get("a.one")).toBeUndefined();
  });
});
