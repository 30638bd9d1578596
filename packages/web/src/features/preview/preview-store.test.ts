import { PREVIEW_MARK } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { FromPreviewSchema } from "./preview-message.ts";
import { createPreviewStore, encodePath, hearPreview, MOST_LINES, sendTo, typedPath } from "./preview-store.ts";

const mark = PREVIEW_MARK;
const log = (text: string) => ({ mark, kind: "log", level: "log", text }) as const;

describe("what a previewed page says", () => {
  it("keeps the newest lines and counts the others", () => {
    const store = createPreviewStore();
    for (let at = 0; at < MOST_LINES + 7; at += 1) hearPreview(store, log(String(at)));
    expect(store.getState().lines).toHaveLength(MOST_LINES);
    expect(store.getState().lines[0]?.text).toBe("7");
    expect(store.getState().dropped).toBe(7);
    hearPreview(store, { mark, kind: "dropped", count: 3 });
    expect(store.getState().dropped).toBe(10);
    hearPreview(store, { mark, kind: "ready", path: "next.html" });
    expect(store.getState()).toMatchObject({ lines: [], dropped: 0, at: "next.html" });
  });

  it("is refused in any other form", () => {
    const good = log("x");
    expect(FromPreviewSchema.safeParse(good).success).toBe(true);
    const bad = [
      undefined,
      null,
      "x",
      [],
      { ...good, mark: "other" },
      { ...good, level: "fatal" },
      { ...good, text: 1 },
      { ...good, text: "x".repeat(4001) },
      { ...good, line: -1 },
      { ...good, line: 1.5 },
      { ...good, path: {} },
      { mark, kind: "dropped", count: 0 },
      { mark, kind: "reload" },
    ];
    for (const message of bad) expect(FromPreviewSchema.safeParse(message).success).toBe(false);
  });
});

describe("addresses in a preview", () => {
  it("are sent again although they are the same", () => {
    const store = createPreviewStore();
    sendTo(store, "a.html");
    const first = store.getState().sent;
    sendTo(store, "a.html");
    expect(store.getState().sent).toEqual({ path: "a.html", turn: first.turn + 1 });
  });

  it("are relative to the project's folder, and encoded", () => {
    expect(typedPath("  //docs/a.html?x=1 ")).toBe("docs/a.html?x=1");
    expect(encodePath("a b/ü#?.html")).toBe("a%20b/%C3%BC%23%3F.html");
  });
});
