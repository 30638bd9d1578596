import { expect, test } from "vitest";
import { applyAwarenessUpdate, encodeAwarenessUpdate } from "y-protocols/awareness";
import * as Y from "yjs";
import { createReplica } from "../collaboration/replica.ts";
import { contrast, safeColor, textOn } from "./cursor-color.ts";
import { announceCursor, sharedCursors } from "./shared-cursors.ts";

const pair = () => {
  const [ada, bob] = [createReplica(), createReplica()];
  ada.text.insert(0, "hello world");
  Y.applyUpdate(bob.doc, Y.encodeStateAsUpdate(ada.doc));
  const tell = () =>
    applyAwarenessUpdate(bob.awareness, encodeAwarenessUpdate(ada.awareness, [ada.awareness.clientID]), "test");
  return { ada, bob, tell };
};
const user = { id: "u1", name: "Ada", color: "#3450E0" };

test("a cursor is where its owner has it, also after others typed in front of it", () => {
  const { ada, bob, tell } = pair();
  announceCursor(ada, user, { anchor: 6, head: 11 });
  tell();
  bob.text.insert(0, ">> ");
  expect(sharedCursors(bob)).toEqual([
    { clientId: ada.awareness.clientID, user: { ...user, color: "#3450e0" }, selection: { anchor: 9, head: 14 } },
  ]);
  expect(sharedCursors(ada)).toEqual([]);
});

test("whatever a foreign client announces, nothing breaks and nothing reaches a style", () => {
  const { ada, bob, tell } = pair();
  ada.awareness.setLocalState({ user: { name: 3 }, cursor: "x" });
  tell();
  expect(sharedCursors(bob)).toEqual([]);
  ada.awareness.setLocalState({
    user: { id: "u", name: " ", color: "red;} body{display:none" },
    selection: { anchor: { item: "no" }, head: [] },
  });
  tell();
  const [cursor] = sharedCursors(bob);
  expect(cursor?.user.name).toBe("Somebody");
  expect(cursor?.user.color).toMatch(/^#[\da-f]{6}$/);
  expect(cursor?.selection).toBeUndefined();
});

test("every fallback colour carries a readable name", () => {
  const colors = new Set(Array.from({ length: 100 }, (_, index) => safeColor(undefined, `user-${index}`)));
  expect(colors.size).toBeGreaterThan(5);
  for (const color of colors) expect(contrast(color, textOn(color))).toBeGreaterThanOrEqual(4.5);
});
