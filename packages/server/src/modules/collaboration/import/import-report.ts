/** Collects what became of an archive's entries. */
import { type ImportReport, type ImportSkipReason, MAX_LISTED_SKIPS, MAX_PATH_BYTES } from "@atelier/contracts";

export type ReportDraft = {
  created: number;
  updated: number;
  unchanged: number;
  folders: number;
  skip(skip: {
    readonly path: string;
    readonly reason: ImportSkipReason;
    readonly detail: string;
    readonly count?: number;
  }): void;
  finish(strippedFolder: string | null): ImportReport;
};

/** What a terminal or a page would take for an order is shown as a replacement character. */
const shown = (path: string): string =>
  path
    .toWellFormed()
    .slice(0, MAX_PATH_BYTES)
    // oxlint-disable-next-line no-control-regex -- control characters are exactly what is replaced
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]/gu, "\uFFFD");

export const createReport = (): ReportDraft => {
  const skipped: ImportReport["skipped"] = [];
  let skippedCount = 0;
  return {
    created: 0,
    updated: 0,
    unchanged: 0,
    folders: 0,
    skip({ path, reason, detail, count = 1 }) {
      skippedCount += count;
      if (skipped.length < MAX_LISTED_SKIPS) skipped.push({ path: shown(path), reason, detail });
    },
    finish(strippedFolder) {
      const { created, updated, unchanged, folders } = this;
      const imported = created + updated + unchanged;
      return { imported, created, updated, unchanged, folders, strippedFolder, skipped, skippedCount };
    },
  };
};
