/** Arguments and variables as people type them, and back. */

/** Words as a shell splits them: quotes keep blanks, a backslash keeps the next character. undefined: a quote is not closed. */
export const splitWords = (text: string): string[] | undefined => {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "\\" && quote !== "'" && at + 1 < text.length) {
      at += 1;
      word = (word ?? "") + text.charAt(at);
    } else if (character === quote) quote = undefined;
    else if (quote !== undefined) word = (word ?? "") + character;
    else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/\s/u.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quote !== undefined) return undefined;
  return word === undefined ? words : [...words, word];
};

/** What `splitWords` reads as these words. */
export const joinWords = (words: readonly string[]): string =>
  words.map((word) => (/^[^\s'"\\]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`)).join(" ");

const VARIABLE = /^([A-Za-z_]\w{0,127})=(.*)$/u;

/** `NAME=value` lines; a string: the line that is none. */
export const readVariables = (text: string): Record<string, string> | string => {
  const variables: Record<string, string> = {};
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const [, name, value = ""] = VARIABLE.exec(line.trim()) ?? [];
    if (name === undefined) return line.trim();
    variables[name] = value;
  }
  return variables;
};

export const writeVariables = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
