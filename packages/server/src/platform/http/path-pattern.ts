/** Matches paths against patterns with `:name` parts: for sockets, and to distinguish 405 from 404. */

export type PathPattern = { readonly match: (path: string) => Record<string, string> | undefined };

/** @param pattern `/collaborate/:projectId/:fileId` */
export const createPathPattern = (pattern: string): PathPattern => {
  const parts = pattern.split("/");
  return {
    match(path) {
      const given = path.split("/");
      if (given.length !== parts.length) return undefined;
      const params: Record<string, string> = {};
      for (const [index, part] of parts.entries()) {
        const value = given[index] ?? "";
        if (!part.startsWith(":")) {
          if (part !== value) return undefined;
          continue;
        }
        try {
          params[part.slice(1)] = decodeURIComponent(value);
        } catch {
          return undefined;
        }
        if (value === "") return undefined;
      }
      return params;
    },
  };
};
