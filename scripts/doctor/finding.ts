/** A finding of doctor, and its text. */

export type Finding = {
  /** `good`: works. `worse`: works with restrictions. `bad`: does not work. `plain`: information only. */
  readonly state: "good" | "worse" | "bad" | "plain";
  readonly what: string;
  readonly says: string;
  /** One command or setting that changes it. */
  readonly remedy?: string;
};

const marks = { good: "✓", worse: "!", bad: "✗", plain: "·" } as const;

/** A heading and one line per finding, with its remedy below. */
export const show = (title: string, findings: readonly Finding[]): string => {
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.flatMap(({ state, what, says, remedy }) => [
    `  ${marks[state]} ${what.padEnd(width)}  ${says}`,
    ...(remedy === undefined ? [] : [`    ${"".padEnd(width)}  → ${remedy}`]),
  ]);
  return [title, ...lines, ""].join("\n");
};
