import type { RunConfiguration } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { runRequest } from "./run-request.ts";
import type { RunTarget } from "./run-target.ts";

const project = { id: "p", keepRunFiles: false };
const file: RunTarget = {
  kind: "file",
  path: "main.py",
  language: {
    id: "python",
    name: "Python",
    version: "3",
    extensions: [".py"],
    aliases: [],
    ready: true,
    image: { id: "base", state: "ready" as const, bytes: null },
    capabilities: [],
    sample: { path: "main.py", content: "" },
  },
};
const configuration: RunConfiguration = {
  name: "npm start",
  kind: "run",
  test: false,
  command: "node --run start",
  args: [],
  env: {},
  inferred: true,
  source: "package.json",
  languages: ["javascript"],
};

describe("the request of a run", () => {
  it("is the files as well, without those that tools make, unless the project's setting is off", () => {
    const { collect, ...rest } = runRequest({ id: "p", keepRunFiles: true }, file, {});
    expect(rest).toEqual({ projectId: "p", language: "python", entryPoint: "main.py", tty: true });
    const terminalSize = { columns: 61, rows: 33 };
    expect(runRequest(project, file, { terminalSize })).toMatchObject({ terminalSize });
    expect(collect).toEqual(expect.arrayContaining(["**", "!**/node_modules/**", "!**/__pycache__/**"]));
    expect(runRequest(project, file, {}).collect).toBeUndefined();
  });

  it("names a configuration in the place of a file, with what the user has set", () => {
    expect(runRequest(project, { kind: "configuration", configuration }, { options: { args: ["x"] } })).toEqual({
      projectId: "p",
      configuration: "npm start",
      args: ["x"],
      tty: true,
    });
  });

  it("has no terminal where the input is given: the program meets its end", () => {
    const terminalSize = { columns: 61, rows: 33 };
    const given = [
      runRequest(project, file, { options: { stdin: "" }, terminalSize }),
      runRequest(project, file, { options: { stdinFile: "in.txt" }, terminalSize }),
      runRequest(
        project,
        { kind: "configuration", configuration: { ...configuration, stdin: { file: "in.txt" } } },
        { terminalSize },
      ),
    ];
    expect(given.map(({ tty }) => tty)).toEqual([false, false, false]);
    expect(given.filter((request) => "terminalSize" in request)).toEqual([]);
  });
});
