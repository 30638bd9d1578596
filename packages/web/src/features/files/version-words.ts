/** A file's version in words. */
import type { Version } from "@atelier/contracts";

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 365 * 86_400_000],
  ["month", 30 * 86_400_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/** How long ago something was: `3 hours ago`, `just now`. */
export const agoWords = (atMs: number, nowMs: number): string => {
  for (const [unit, ms] of UNITS) {
    const count = Math.floor((nowMs - atMs) / ms);
    if (count >= 1) return relative.format(-count, unit);
  }
  return "just now";
};

/** `Version 12 · 3 hours ago · Ada`. */
export const versionWords = ({ version, createdAt, author }: Version, nowMs: number): string =>
  [`Version ${version}`, agoWords(Date.parse(createdAt), nowMs), author?.name]
    .filter((part) => part !== undefined)
    .join(" · ");
