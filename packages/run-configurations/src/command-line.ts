/** From a configuration's command to the argv of a process. */

/** `$1`, `${2}`, `$@`, `$*`: the line itself says where its arguments go. */
const USES_ARGUMENTS = /\$(?:[@*1-9]|\{[@*1-9])/u;

/**
 * @param command a line for bash, or an argument list; arguments are appended to it
 * @param folder below the project's folder; undefined: the project's
 */
export const commandLineOf = (
  command: string | readonly string[],
  args: readonly string[],
  folder: string | undefined,
): string[] => {
  const move = folder === undefined ? [] : [`--chdir=${folder}`];
  if (typeof command !== "string") return ["/usr/bin/env", ...move, "--", ...command, ...args];
  const line = USES_ARGUMENTS.test(command) || args.length === 0 ? command : `${command} "$@"`;
  return [...(move.length === 0 ? [] : ["/usr/bin/env", ...move, "--"]), "/bin/bash", "-c", line, "bash", ...args];
};
