/** Writes docs/configuration.md from the settings themselves. */
import type { SettingSlice } from "#kernel/setting";

export type SettingGroup = { readonly title: string; readonly slice: SettingSlice };

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** A table in the formatter's layout: columns as wide as their widest cell. */
const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(head), line(rule), ...body.map(line)].join("\n");
};

export const describeSettings = (groups: readonly SettingGroup[]): string => {
  const tables = groups.map(({ title, slice }) => {
    const rows = Object.entries(slice).map(([name, setting]) => {
      const standard = setting.defaultText === "" ? "not set" : setting.defaultText;
      const file = setting.secret === true ? ` Secret: may come from a file named by \`${name}_FILE\`.` : "";
      return [`\`${name}\``, cell(standard), `${cell(setting.description)}${file}`];
    });
    return `## ${title}\n\n${table([["Setting", "Default", "Meaning"], ...rows])}\n`;
  });
  return `# Configuration

Every setting is an environment variable. An empty one counts as not set. All faults are printed at once, and the server
then ends with exit code 1. This page is generated from the code by \`node scripts/generate-docs.mjs\`; a test keeps it true.

${tables.join("\n")}`;
};
