import { expect, it } from "vitest";
import { addRecovered, createRecoveredStore, removeRecovered } from "./recovered-store.ts";

const copy = (fileId: string, keptAt: number) => ({
  projectId: "p",
  fileId,
  path: `${fileId}.py`,
  text: "mine",
  keptAt,
});

it("keeps each copy once and removes the one that was handled", () => {
  const store = createRecoveredStore();
  for (const each of [copy("a", 1), copy("b", 1), copy("a", 2), copy("a", 1)]) addRecovered(store, each);
  expect(store.getState().copies.map(({ fileId, keptAt }) => `${fileId}${keptAt}`)).toEqual(["a1", "b1", "a2"]);
  removeRecovered(store, copy("a", 1));
  expect(store.getState().copies).toEqual([copy("b", 1), copy("a", 2)]);
});
