/** The editor's light parts where they live, in a real page, each alone: early surface, others' cursors, presence. */
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { build } from "vite";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { setBrowser } from "../support/stage.ts";
import type * as Scenarios from "./editor-parts/scenarios.ts";

declare const parts: typeof Scenarios;
type Mounted = {
  early: ReturnType<typeof Scenarios.mountEarly>;
  cursors: ReturnType<typeof Scenarios.mountCursors>;
  presence: ReturnType<typeof Scenarios.mountPresence>;
};
declare const mounted: Mounted;

const stage = setBrowser();
let page: Page;
let code: string;

beforeAll(async () => {
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      lib: {
        entry: fileURLToPath(new URL("editor-parts/scenarios.ts", import.meta.url)),
        formats: ["iife"],
        name: "parts",
      },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  const chunk = output && "output" in output ? output.output.find((part) => part.type === "chunk") : undefined;
  if (!chunk) throw new Error("nothing was built");
  code = chunk.code;
}, 90_000);
beforeEach(async () => {
  page = await stage.browser.newPage();
  await page.clock.install();
  await page.setContent("<!doctype html><title>parts</title>");
  await page.addScriptTag({ content: code });
  await page.evaluate(() => Object.assign(globalThis, { mounted: {} }));
});
afterEach(() => page.close());

describe("the early surface", () => {
  const mount = (firstCode?: string) =>
    page.evaluate((first) => {
      mounted.early = parts.mountEarly(first);
    }, firstCode);
  const area = () => page.locator("textarea");

  it("replaces the code rendered by the server, with the same text and focus", async () => {
    await mount("one\ntwo\n");
    expect(await page.locator("pre").count()).toBe(0);
    expect(await area().inputValue()).toBe("one\ntwo\n");
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("TEXTAREA");
    expect(await page.locator(".early-lines").textContent()).toBe("1\n2\n3");
  });

  it.each([
    ["whose text it was", "print(1)\nprint(2)\n", "# print(1)\nprint(2)\n"],
    ["with Windows line ends", "print(1)\r\nprint(2)\r\n", "# print(1)\nprint(2)\n"],
    ["that goes on after the server's code", "print(1)\nprint(2)\nprint(3)\n", "# print(1)\nprint(2)\nprint(3)\n"],
    ["that is another by now", "import x\nprint(1)\nprint(2)\n", "import x\n# print(1)\nprint(2)\n"],
  ])("gives what was typed before any file had a name to the first file, one %s", async (_what, text, expected) => {
    await mount("print(1)\nprint(2)\n");
    await page.keyboard.press("ControlOrMeta+Home");
    await page.keyboard.type("# ");
    const result = await page.evaluate((given) => {
      const { editor, edits } = mounted.early;
      editor.show("main", given, { label: "main", readOnly: false });
      return { edits, text: editor.textOf("main"), after: editor.carry("main")?.head };
    }, text);
    expect(result).toEqual({ edits: ["main"], text: expected, after: expected.indexOf("# ") + 2 });
    await page.evaluate(() => mounted.early.editor.show("next", "next\n", { label: "next", readOnly: false }));
    expect(await area().inputValue()).toBe("next\n");
  });

  it("accepts no keys while there is no text, shows this, and keeps the focus until there is", async () => {
    await mount("");
    await page.keyboard.type("lost?");
    expect(await area().inputValue()).toBe("");
    expect(await area().getAttribute("placeholder")).toBe("Opening…");
    await page.evaluate(() => mounted.early.editor.show("a", "", { label: "a", readOnly: true, isOpening: true }));
    expect(await area().getAttribute("placeholder")).toBe("Opening…");
    await page.evaluate(() => mounted.early.editor.show("b", "code", { label: "b", readOnly: false }));
    await page.keyboard.press("ControlOrMeta+End");
    await page.keyboard.type("!");
    expect([await area().inputValue(), await area().getAttribute("placeholder")]).toEqual(["code!", ""]);
  });

  it("indents with Tab, keeps an indent with Enter, and lets Tab out after Escape", async () => {
    await mount("");
    await page.evaluate(() => {
      mounted.early.editor.show("a", "", { label: "a", readOnly: false });
      mounted.early.editor.focus();
    });
    await page.keyboard.press("Tab");
    await page.keyboard.type("x");
    await page.keyboard.press("Enter");
    await page.keyboard.type("y");
    expect(await area().inputValue()).toBe("    x\n    y");
    await page.keyboard.press("ControlOrMeta+Z");
    expect(await area().inputValue()).not.toBe("    x\n    y");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.tagName)).not.toBe("TEXTAREA");
  });

  it("hands over text, selection with its direction, and focus; under a new id after a rename", async () => {
    await mount("");
    await page.evaluate(() => {
      mounted.early.editor.show("a", "alpha beta\n", { label: "a", readOnly: false });
      mounted.early.editor.focus();
    });
    await page.keyboard.press("ControlOrMeta+Home");
    for (let count = 0; count < 7; count += 1) await page.keyboard.press("ArrowRight");
    for (let count = 0; count < 3; count += 1) await page.keyboard.press("Shift+ArrowLeft");
    const carried = await page.evaluate(() => {
      const { editor } = mounted.early;
      editor.rename("a", "b");
      return { a: editor.carry("a"), b: editor.carry("b"), never: editor.carry("never") };
    });
    expect(carried).toMatchObject({ b: { text: "alpha beta\n", anchor: 7, head: 4, focused: true } });
    expect([carried.a, carried.never]).toEqual([undefined, undefined]);
  });

  it("keeps text and cursor of each file, and accepts no keys in a file that can't be edited", async () => {
    await mount("");
    const texts = await page.evaluate(() => {
      const { editor } = mounted.early;
      editor.show("a", "aaa", { label: "a", readOnly: false });
      editor.reveal(1, 3);
      editor.show("b", "bbb", { label: "b", readOnly: true });
      editor.focus();
      return { label: document.activeElement?.getAttribute("aria-label") };
    });
    expect(texts.label).toBe("b");
    await page.keyboard.type("x");
    await page.keyboard.press("Enter");
    expect(await area().inputValue()).toBe("bbb");
    await page.evaluate(() => mounted.early.editor.show("a", "changed", { label: "a", readOnly: false }));
    await page.keyboard.type("X");
    expect(await area().inputValue()).toBe("aaXa");
    expect(await page.evaluate(() => mounted.early.edits)).toEqual(["a"]);
  });

  it("waits for the end of a composed word before it is replaced", async () => {
    await mount("");
    const order = await page.evaluate(async () => {
      const { editor } = mounted.early;
      editor.show("a", "", { label: "a", readOnly: false });
      const said: string[] = [];
      const text = document.querySelector("textarea");
      text?.dispatchEvent(new CompositionEvent("compositionstart"));
      const composed = editor.composed().then(() => said.push("composed"));
      await Promise.resolve();
      said.push("still composing");
      text?.dispatchEvent(new CompositionEvent("compositionend"));
      await composed;
      await editor.composed();
      return said;
    });
    expect(order).toEqual(["still composing", "composed"]);
  });
});

describe("others' cursors", () => {
  beforeEach(() =>
    page.evaluate(() => {
      mounted.cursors = parts.mountCursors();
    }),
  );

  it("stand where they are, in their colour, and move without being made anew", async () => {
    const { first, moved, layouts } = await page.evaluate(() => {
      const { cursors, cursorOf, drawn, standIn } = mounted.cursors;
      cursors.show([cursorOf(1, 8)]);
      const before = drawn();
      standIn.seen.layouts = 0;
      cursors.show([cursorOf(1, 9)]);
      return { first: before, moved: drawn(), layouts: standIn.seen.layouts };
    });
    expect(first).toEqual([{ at: "2:3", content: "", color: "#3450e0", shift: "0px" }]);
    expect(moved).toEqual([expect.objectContaining({ at: "2:4" })]);
    expect(layouts).toBe(1);
  });

  it("say their names behind the end of their lines for two seconds after a move, then are bare", async () => {
    const names = () => page.evaluate(() => mounted.cursors.names());
    const show = (head: number) =>
      page.evaluate((at) => {
        const { cursors, cursorOf } = mounted.cursors;
        cursors.show([cursorOf(1, at)]);
      }, head);
    await show(1);
    // The page's clock also goes on by itself: what a busy machine takes for these lines must fit between the two looks.
    await page.clock.runFor(1000);
    expect(await names()).toEqual([{ at: "1:6", names: ["Ada"], colors: [["#3450e0", "#ffffff"]], elements: 1 }]);
    await page.clock.runFor(1100);
    expect(await names()).toEqual([]);
    await show(1);
    expect(await names()).toEqual([]);
    await show(8);
    expect(await names()).toEqual([expect.objectContaining({ at: "2:12", names: ["Ada"] })]);
  });

  it("show the name again when the pointer is at a caret, so that the colour is not the only information", async () => {
    const names = await page.evaluate(() => {
      const { cursors, cursorOf } = mounted.cursors;
      cursors.show([cursorOf(1, 8)]);
    });
    expect(names).toBeUndefined();
    await page.clock.runFor(2100);
    const near = await page.evaluate(() => {
      const point = (lineNumber: number, column: number) =>
        mounted.cursors.standIn.emit("pointer", { target: { position: { lineNumber, column } } });
      point(1, 3);
      const elsewhere = mounted.cursors.names().length;
      point(2, 4);
      return { elsewhere, here: mounted.cursors.names() };
    });
    expect(near).toEqual({ elsewhere: 0, here: [expect.objectContaining({ at: "2:12", names: ["Ada"] })] });
  });

  it("never stand on one another: names of a line side by side, carets at one position too", async () => {
    const look = await page.evaluate(() => {
      const { cursors, cursorOf, drawn, names } = mounted.cursors;
      const person = (name: string, color: string) => ({ user: { id: name, name, color } });
      cursors.show([
        cursorOf(1, 8, person("Ada", "#3450e0")),
        cursorOf(2, 8, person("Bob", "#12713f")),
        cursorOf(3, 7, person("Eve", "#a0286a")),
      ]);
      return { carets: drawn().map(({ at, shift }) => [at, shift]), names: names() };
    });
    expect(look.carets).toEqual([
      ["2:3", "0px"],
      ["2:3", "2px"],
      ["2:2", "0px"],
    ]);
    expect(look.names).toEqual([expect.objectContaining({ at: "2:12", names: ["Eve", "Ada", "Bob"], elements: 3 })]);
  });

  it("show a name as text, whatever characters it has", async () => {
    const names = await page.evaluate(() => {
      const { cursors, cursorOf, names: look } = mounted.cursors;
      cursors.show([cursorOf(1, 0, { user: { id: "x", name: "<img src=x onerror=1>", color: "#12713f" } })]);
      return look();
    });
    expect(names).toEqual([expect.objectContaining({ names: ["<img src=x onerror=1>"], elements: 1 })]);
  });

  it("tint a selection either way round, and go with their owner, leaving nothing", async () => {
    const result = await page.evaluate(() => {
      const { cursors, cursorOf, drawn, sheets, standIn } = mounted.cursors;
      cursors.show([cursorOf(1, 2, { anchor: 9 }), cursorOf(2, 5)]);
      const both = { ranges: standIn.seen.decorations, count: drawn().length };
      cursors.show([cursorOf(2, 5)]);
      const one = { ranges: standIn.seen.decorations, count: drawn().length };
      cursors.dispose();
      const left = document.querySelectorAll(".shared-names").length;
      return { both, one, after: { count: drawn().length + left, sheets: sheets() } };
    });
    expect(result.both).toMatchObject({
      count: 2,
      ranges: [
        {
          range: { startLineNumber: 1, startColumn: 3, endLineNumber: 2, endColumn: 4 },
          options: { className: "shared-selection-3450e0" },
        },
      ],
    });
    expect(result.one).toEqual({ ranges: [], count: 1 });
    expect(result.after).toEqual({ count: 0, sheets: 0 });
  });
});

describe("presence", () => {
  const mount = (options: { synced?: boolean } = {}) =>
    page.evaluate((given) => {
      mounted.presence = parts.mountPresence(given);
    }, options);
  const frame = () => page.clock.runFor(60);

  it("sends the user's cursor shortly after it moved, once for many moves", async () => {
    await mount();
    const before = await page.evaluate(() => {
      for (let count = 0; count < 20; count += 1) mounted.presence.standIn.emit("cursor");
      return mounted.presence.myState();
    });
    expect(before).toBeNull();
    await frame();
    expect(await page.evaluate(() => mounted.presence.myState())).toMatchObject({
      user: { id: "ada", name: "Ada" },
      selection: { anchor: expect.anything() as unknown, head: expect.anything() as unknown },
    });
    await page.evaluate(() => mounted.presence.presence.leave(mounted.presence.here));
    expect(await page.evaluate(() => mounted.presence.myState())).toBeNull();
  });

  it("sends no cursor for a document that is not synced, and does when it is", async () => {
    await mount({ synced: false });
    await page.evaluate(() => mounted.presence.standIn.emit("cursor"));
    await frame();
    expect(await page.evaluate(() => mounted.presence.myState())).toBeNull();
    await page.evaluate(() => mounted.presence.sync());
    await frame();
    expect(await page.evaluate(() => mounted.presence.myState())).not.toBeNull();
  });

  it("announces each user and the user's file, each change once", async () => {
    await mount();
    await page.evaluate(() => mounted.presence.bobIsAt(8));
    await frame();
    await page.evaluate(() => mounted.presence.presence.refresh());
    await frame();
    const people = await page.evaluate(() => mounted.presence.heard.people.filter(({ length }) => length > 0));
    expect(people).toEqual([
      [{ id: "bob", name: "Bob", color: "#12713f", fileId: "here", isMe: false, position: { line: 2, column: 3 } }],
    ]);
  });

  it("keeps the followed cursor in view until a key that is no modifier, a click or the wheel", async () => {
    await mount();
    await page.evaluate(() => {
      mounted.presence.bobIsAt(8);
      mounted.presence.presence.follow("bob");
    });
    await frame();
    const look = () =>
      page.evaluate(() => {
        const { heard, standIn, container } = mounted.presence;
        return {
          revealed: standIn.seen.revealed.at(-1),
          ended: heard.ended,
          isFramed: container.classList.contains("is-following"),
        };
      });
    expect(await look()).toEqual({ revealed: { lineNumber: 2, column: 3 }, ended: 0, isFramed: true });
    await page.evaluate(() => mounted.presence.standIn.emit("key", { browserEvent: { key: "Shift" } }));
    expect((await look()).ended).toBe(0);
    await page.evaluate(() => mounted.presence.standIn.emit("key", { browserEvent: { key: "a" } }));
    expect(await look()).toMatchObject({ ended: 1, isFramed: false });
    for (const way of ["click", "wheel"] as const) {
      await page.evaluate((how) => {
        const { presence, standIn, container } = mounted.presence;
        presence.follow("bob");
        if (how === "click") standIn.emit("mouse");
        else container.dispatchEvent(new WheelEvent("wheel"));
      }, way);
    }
    expect((await look()).ended).toBe(3);
  });

  it("announces once in which other file the followed user is", async () => {
    await mount();
    await page.evaluate(() => {
      mounted.presence.bobIsBeside();
      mounted.presence.presence.follow("bob");
    });
    await frame();
    await page.evaluate(() => mounted.presence.presence.refresh());
    await frame();
    expect(await page.evaluate(() => mounted.presence.heard.elsewhere)).toEqual(["elsewhere"]);
  });

  it("lets go of everything it listened to", async () => {
    await mount();
    const counts = await page.evaluate(() => {
      const before = mounted.presence.standIn.listening();
      mounted.presence.presence.dispose();
      return [before, mounted.presence.standIn.listening()];
    });
    expect(counts).toEqual([5, 0]);
    await page.evaluate(() => mounted.presence.bobIsAt(3));
    await frame();
    expect(await page.evaluate(() => mounted.presence.heard.people.flat())).toEqual([]);
  });
});
