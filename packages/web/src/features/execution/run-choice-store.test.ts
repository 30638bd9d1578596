import { describe, expect, it } from "vitest";
import { choiceFrom, createRunChoiceStore, keptChoice, resetRunChoice } from "./run-choice-store.ts";

describe("what is kept of the choice", () => {
  it("comes back as it was, and is nothing while nobody has chosen", () => {
    const store = createRunChoiceStore();
    expect(keptChoice(store.getState())).toEqual({});
    const options = { "file:a.py": { args: ["x"], env: { A: "1" }, stdin: "" }, "npm start": { stdinFile: "in.txt" } };
    store.setState({ chosen: "npm start", options });
    const kept = JSON.parse(JSON.stringify(keptChoice(store.getState()))) as { run: unknown };
    expect(choiceFrom(kept.run)).toEqual({ chosen: "npm start", options });
    resetRunChoice(store);
    expect(keptChoice(store.getState())).toEqual({});
  });

  it.each([
    [undefined, { chosen: undefined, options: {} }],
    ["x", { chosen: undefined, options: {} }],
    [
      { chosen: 3, options: [] },
      { chosen: undefined, options: {} },
    ],
    [
      { options: { a: { args: [1], env: { A: 1 }, stdin: {}, other: 1 }, b: null } },
      { chosen: undefined, options: { a: {} } },
    ],
    [{ options: { a: { stdin: "x", stdinFile: "y" } } }, { chosen: undefined, options: { a: { stdin: "x" } } }],
  ])("of %j only what is one", (value, expected) => {
    expect(choiceFrom(value)).toEqual(expected);
  });
});
