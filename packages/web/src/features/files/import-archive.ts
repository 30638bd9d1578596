/** Brings an archive, or many files as one, into the project: progress, report, and a way back to the file itself. */
import { type ImportReport, routes } from "@atelier/contracts";
import { errorText } from "../../app/api-problem.ts";
import type { App } from "../../app/services.ts";
import { dismissToast, keepToast, showToast, updateToast } from "../../design/toasts.ts";
import { importText, progressText, skippedLines } from "./import-words.ts";
import { setEntries } from "./files-store.ts";
import { sendArchive } from "./send-archive.ts";

export type ArchiveImport = {
  readonly projectId: string;
  readonly archive: Blob;
  /** How it is called in messages. */
  readonly name: string;
  /** The folder that takes it (empty: the root). */
  readonly folder: string;
  readonly topFolder: "strip" | "keep";
  /** Instead of unpacking. */
  readonly keepAsFile?: () => void;
};

export const showImported = (name: string, report: ImportReport): void => {
  const items = skippedLines(report);
  showToast({
    text: importText(name, report),
    ...(items.length === 0 ? {} : { list: { label: "What was skipped, and why", items } }),
  });
};

/** @returns the report; undefined when the user kept the file instead, or when it failed, which a message says */
export const importArchive = async (app: App, request: ArchiveImport): Promise<ImportReport | undefined> => {
  const { projectId, archive, name, folder, topFolder, keepAsFile } = request;
  const stopped = new AbortController();
  const stop = (): void => {
    stopped.abort();
    keepAsFile?.();
  };
  const action = { label: keepAsFile ? "Keep as file" : "Stop", run: stop };
  const toast = showToast({ text: progressText(name, 0), action });
  keepToast(toast);
  try {
    const report = await sendArchive(app, {
      projectId,
      archive,
      query: { topFolder, ...(folder === "" ? {} : { path: folder }) },
      signal: stopped.signal,
      onProgress: (sent) => {
        updateToast(toast, progressText(name, sent));
        keepToast(toast);
      },
    });
    dismissToast(toast);
    showImported(name, report);
    return report;
  } catch (error) {
    dismissToast(toast);
    if (stopped.signal.aborted) return undefined;
    showToast({ text: `${name} was not unpacked. ${errorText(error)}`, tone: "bad" });
    return undefined;
  }
};

/** Events bring the new entries, too; after many of them the whole tree is cheaper and surely complete. */
export const readTree = async (app: App, projectId: string): Promise<void> => {
  const { entries } = await app.call(routes.tree, { params: { projectId } });
  setEntries(app.files, entries);
};
