/** Matches paths against a run's `collect` globs; a glob that begins with `!` excludes paths. */

/** `*` and `?` within one name. The time grows with the product of both lengths at most, whatever the pattern. */
const matchesName = (pattern: string, name: string): boolean => {
  let at = 0;
  let from = 0;
  let star = -1;
  let retry = 0;
  while (from < name.length) {
    const wanted = pattern[at];
    if (wanted === "*") {
      star = at;
      retry = from;
      at += 1;
    } else if (wanted !== undefined && (wanted === "?" || wanted === name[from])) {
      at += 1;
      from += 1;
    } else if (star >= 0) {
      at = star + 1;
      retry += 1;
      from = retry;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
};

/**
 * `**` matches any number of folders. Dynamic programming, one row per name: which prefixes of the path match which prefixes of the
 * pattern.
 */
const matchesPath = (pattern: readonly string[], names: readonly string[]): boolean => {
  let reached = Array.from({ length: names.length + 1 }, (_, index) => index === 0);
  for (const part of pattern) {
    const next = reached.map(() => false);
    for (const [index, isReached] of reached.entries()) {
      if (part === "**") next[index] = isReached || (index > 0 && next[index - 1] === true);
      else if (isReached && index < names.length && matchesName(part, names[index] ?? "")) next[index + 1] = true;
    }
    reached = next;
  }
  return reached[names.length] === true;
};

/** @param globs `**` any folders, `*` and `?` within a name; `!` in front excludes what the other globs match */
export const createCollectFilter = (globs: readonly string[]): ((path: string) => boolean) => {
  const parse = (glob: string): string[] => glob.replace(/^\.?\//u, "").split("/");
  const wanted = globs.filter((glob) => !glob.startsWith("!")).map(parse);
  const unwanted = globs.filter((glob) => glob.startsWith("!")).map((glob) => parse(glob.slice(1)));
  return (path) => {
    const names = path.split("/");
    const matches = (pattern: readonly string[]): boolean => matchesPath(pattern, names);
    return wanted.some(matches) && !unwanted.some(matches);
  };
};
