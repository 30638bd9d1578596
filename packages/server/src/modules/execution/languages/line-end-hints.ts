/** Finds scripts whose interpreter reads their line ends or byte order mark as part of the program. */
import type { SourceText } from "./command-line.ts";
import type { LanguageDeclaration } from "./load-languages.ts";

/** `onFailure`: the hint is shown only when the run did not succeed, because the program may never start the file. */
export type Hint = { readonly path: string; readonly message: string; readonly onFailure: boolean };

const MOST_HINTS = 5;
const MARK = "\u00ef\u00bb\u00bf";

/** The beginning of the file as Latin-1: enough for a byte order mark and the first line. */
const beginningOf = ({ bytes }: SourceText): string => Buffer.from(bytes.subarray(0, 4096)).toString("latin1");

/** What is wrong with a file that its language reads line by line, or undefined. */
const faultOf = (file: SourceText, name: string): string | undefined => {
  const start = beginningOf(file);
  const parts = [
    ...(start.startsWith(MARK)
      ? [`starts with a byte order mark, which ${name} takes for a part of the first command`]
      : []),
    ...(/\r\n/u.test(start)
      ? [`has Windows line ends (CRLF), and ${name} takes the carriage return for a part of each command`]
      : []),
  ];
  if (parts.length === 0) return undefined;
  const cure = /\r\n/u.test(start) ? "Change its line ends to LF" : "Save it without the mark";
  return `${file.path} ${parts.join("; it ")}. ${cure}.`;
};

/** The interpreter named by a `#!` line that the kernel cannot read, because of a carriage return or a byte order mark; or undefined. */
const brokenInterpreter = (file: SourceText): string | undefined => {
  const [first = ""] = beginningOf(file).split("\n");
  const line = first.startsWith(MARK) ? first.slice(MARK.length) : first;
  if (!line.startsWith("#!") || (line === first && !line.endsWith("\r"))) return undefined;
  return line.slice(2).trim();
};

/** @param entryPoint its `#!` line is not checked: the language's interpreter starts it */
export const findHints = (
  language: Pick<LanguageDeclaration, "name" | "extensions" | "unixText">,
  { entryPoint, files }: { readonly entryPoint: string; readonly files: readonly SourceText[] },
): Hint[] => {
  const isOwn = ({ path }: SourceText): boolean =>
    path === entryPoint || language.extensions.some((extension) => path.endsWith(extension));
  const hints = files.flatMap((file): Hint[] => {
    if (language.unixText && isOwn(file)) {
      const message = faultOf(file, language.name);
      return message === undefined ? [] : [{ path: file.path, message, onFailure: false }];
    }
    const interpreter = file.path === entryPoint ? undefined : brokenInterpreter(file);
    if (interpreter === undefined) return [];
    const message = `${file.path} cannot be started by itself: its first line, "#!${interpreter}", ends in a carriage return or begins with a byte order mark. Change its line ends to LF and save it without a mark.`;
    return [{ path: file.path, message, onFailure: true }];
  });
  return hints.toSorted((a, b) => Number(b.path === entryPoint) - Number(a.path === entryPoint)).slice(0, MOST_HINTS);
};
