/** What Run does in projects as people bring them, without configuration. */
import { defaultChoice, type Environment } from "@atelier/run-configurations";
import { describe, expect, it } from "vitest";
import { configurationsOfShape, everything, type Shape, shapeFolders, shapes } from "../support/project-shapes.ts";

const languageOf = (path: string, { languages }: Environment): string | undefined =>
  languages.find(({ extensions }) => extensions.some((extension) => path.endsWith(extension)))?.id;

const choiceIn = (shape: Shape, environment: Environment) => {
  const configurations = configurationsOfShape(shape, environment);
  return defaultChoice(configurations, { path: shape.open, language: languageOf(shape.open, environment) });
};

describe("project shapes", () => {
  it("there are at least twenty, each has a folder, and each folder is one", () => {
    expect(shapes.length).toBeGreaterThanOrEqual(20);
    expect(shapes.map(({ id }) => id).toSorted()).toEqual(shapeFolders());
  });

  it.each(shapes)("[RC1] $id: Run alone starts $run", (shape) => {
    const choice = choiceIn(shape, everything);
    expect(choice).toHaveProperty("configuration");
    const configuration = choice !== undefined && "configuration" in choice ? choice.configuration : undefined;
    expect(configuration).toMatchObject({ name: shape.run, kind: "run", languages: shape.languages });
    expect(configuration?.unavailable).toBe(shape.missing);
  });

  it.each(shapes)("[RC1] $id: its tests and its other tasks are there, and nothing else", (shape) => {
    const configurations = configurationsOfShape(shape, everything);
    const tests = configurations.filter(({ test }) => test);
    expect(tests.map(({ name }) => name)).toEqual(shape.test === undefined ? [] : [shape.test]);
    expect(tests[0]?.unavailable).toBe(shape.testMissing);
    const named = [shape.run, shape.test, ...(shape.others ?? [])].filter((name) => name !== undefined);
    expect(configurations.map(({ name }) => name).toSorted()).toEqual(named.toSorted());
  });

  it.each(shapes)("[RC2] $id: a server without its languages says so in one line", (shape) => {
    const all = configurationsOfShape(shape, { languages: [] });
    expect(all.flatMap(({ languages }) => languages)).toEqual([]);
    // A command of atelier.json may need nothing but the base image.
    for (const { unavailable } of all.filter(({ inferred }) => inferred)) {
      expect(unavailable).toMatch(/^needs [^\n]+: not installed on this server/u);
    }
  });
});
