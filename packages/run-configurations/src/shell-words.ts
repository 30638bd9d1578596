/** Which programs a line of shell starts, as far as that can be seen without running it. */

/** The first word of each command, without assignments in front. */
export const programsOf = (line: string): string[] =>
  line
    .slice(0, 2000)
    .split(/&&|\|\||[;|&\n]/u)
    .flatMap((command) => {
      const words = command.trim().split(/\s+/u);
      const program = words.find((word) => !/^[A-Za-z_]\w*=/u.test(word) && word !== "!" && word !== "(");
      return program === undefined || program === "" ? [] : [program.replace(/^\(/u, "")];
    });
