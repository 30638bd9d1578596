import { expect, it } from "vitest";
import { commandLineOf } from "./command-line.ts";

it.each([
  ["make run", [], undefined, ["/bin/bash", "-c", "make run", "bash"]],
  ["make run", ["a b", "$(x)"], undefined, ["/bin/bash", "-c", 'make run "$@"', "bash", "a b", "$(x)"]],
  ['echo "$1" end', ["x"], undefined, ["/bin/bash", "-c", 'echo "$1" end', "bash", "x"]],
  ["f ${@:2}", ["x"], undefined, ["/bin/bash", "-c", "f ${@:2}", "bash", "x"]],
  ["ls", [], "a b", ["/usr/bin/env", "--chdir=a b", "--", "/bin/bash", "-c", "ls", "bash"]],
  [["/tmp/program"], ["-x"], undefined, ["/usr/bin/env", "--", "/tmp/program", "-x"]],
  [["python3", "-m", "x"], [], "-odd", ["/usr/bin/env", "--chdir=-odd", "--", "python3", "-m", "x"]],
])("[RC5] %j with %j in %s", (command, args, folder, expected) => {
  expect(commandLineOf(command, args, folder)).toEqual(expected);
});
