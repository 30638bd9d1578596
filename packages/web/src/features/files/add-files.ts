/** Adds files from outside the page to the project, several at a time, with their folders, and reports the result. */
import { isArchiveName, MAX_FILE_BYTES, routes } from "@atelier/contracts";
import { ApiProblem, errorText, isProblem } from "../../app/api-problem.ts";
import type { App } from "../../app/services.ts";
import { dismissToast, showToast, updateToast } from "../../design/toasts.ts";
import { mayEdit } from "../projects/project-store.ts";
import { ensureProject } from "../projects/promote-sample.ts";
import { type Brought, type BroughtFile, readChosen, readTransfer } from "./dropped-files.ts";
import { entryAt, joinPath, nameOf, withChanged } from "./entries.ts";
import { setExpanded } from "./files-store.ts";
import { importArchive, readTree } from "./import-archive.ts";
import { nameFault } from "./name-faults.ts";
import { openFile } from "./open-file.ts";
import { tarOfFiles } from "./tar-of-files.ts";
import type { TransferItem } from "./transfer-items.ts";

const AT_ONCE = 4;
const MOST_TRIES = 6;
/** Fewer files are uploaded before a progress message could be read. */
const WORTH_COUNTING = 8;
/** From so many files or bytes on, they are sent as one archive instead of one by one. */
const MANY_FILES = 60;
const MANY_BYTES = 16 * 1024 * 1024;

type Content = { readonly content: string; readonly encoding?: "base64" };

/** Text as text, anything else as base64: what has a NUL or is no UTF-8 is not text. */
export const contentOf = (bytes: Uint8Array<ArrayBuffer>): Content => {
  try {
    const content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!content.includes("\0")) return { content };
  } catch {
    // Not UTF-8: sent as it is.
  }
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x80_00) {
    binary += String.fromCodePoint(...bytes.subarray(at, at + 0x80_00));
  }
  return { content: btoa(binary), encoding: "base64" };
};

const readContent = async ({ file }: BroughtFile): Promise<Content> => {
  if (file.size > MAX_FILE_BYTES) throw new RangeError("It is larger than 20 MB.");
  return contentOf(new Uint8Array(await file.arrayBuffer()));
};

/** Many files may exceed a user's requests per minute: the server says when to continue. */
const patiently = async <T>(send: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 429 || tries >= MOST_TRIES) throw error;
      const waitMs = error.retryAfterMs ?? 1000;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
};

const createOne = async (app: App, projectId: string, one: BroughtFile): Promise<string> => {
  const { entries, hidden } = app.files.getState();
  const fault = nameFault(one.path, { entries, hidden, folder: "" });
  if (fault !== undefined) throw new RangeError(fault);
  const content = await readContent(one);
  const body = { path: one.path, ...content };
  const made = await patiently(() => app.call(routes.createFile, { params: { projectId }, body }));
  app.files.setState(({ entries: now }) => ({ entries: withChanged(now, [made]) }));
  return made.id;
};

const replaceOne = async (app: App, projectId: string, one: BroughtFile): Promise<void> => {
  const body = { path: one.path, ...(await readContent(one)) };
  const saved = await patiently(() => app.call(routes.putFile, { params: { projectId }, body }));
  app.files.setState(({ entries: now }) => ({ entries: withChanged(now, [saved]) }));
};

type Refused = { readonly path: string; readonly why: string };

/** Processes all items, a few at a time; `each` is called with the number of finished ones. */
const forAll = async (
  files: readonly BroughtFile[],
  act: (file: BroughtFile) => Promise<void>,
  each: (done: number) => void,
): Promise<Refused[]> => {
  const refused: Refused[] = [];
  const left = [...files];
  let done = 0;
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      try {
        await act(next);
      } catch (error) {
        const isOurs = error instanceof RangeError;
        // An error of the browser: the file was deleted or may not be read.
        const why = isOurs ? error.message : error instanceof DOMException ? "It can't be read." : errorText(error);
        refused.push({ path: next.path, why });
      }
      done += 1;
      each(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return refused;
};

const countWords = (count: number): string => (count === 1 ? "1 file" : `${count} files`);

const sayRefused = (refused: readonly Refused[], verb: string): void => {
  const [first] = refused;
  if (!first) return;
  const text =
    refused.length === 1
      ? `${nameOf(first.path)} was not ${verb}. ${first.why}`
      : `${countWords(refused.length)} were not ${verb}, such as ${nameOf(first.path)}. ${first.why}`;
  showToast({ text, tone: "bad" });
};

const countingToast = (total: number): { tell: (done: number) => void; end: () => void } => {
  if (total < WORTH_COUNTING) return { tell: () => undefined, end: () => undefined };
  const text = (done: number): string => `Adding files: ${done} of ${total}`;
  const id = showToast({ text: text(0) });
  return { tell: (done) => updateToast(id, text(done)), end: () => dismissToast(id) };
};

const replaceAll = async (app: App, projectId: string, files: readonly BroughtFile[]): Promise<void> => {
  const refused = await forAll(
    files,
    (one) => replaceOne(app, projectId, one),
    () => undefined,
  );
  sayRefused(refused, "replaced");
};

/** Existing files are replaced only after a question; their history keeps the earlier version. */
const offerReplacing = (app: App, projectId: string, taken: readonly BroughtFile[]): void => {
  const [first] = taken;
  if (!first) return;
  const text =
    taken.length === 1 ? `${nameOf(first.path)} is here already.` : `${countWords(taken.length)} are here already.`;
  const run = (): void => void replaceAll(app, projectId, taken);
  showToast({ text, action: { label: taken.length === 1 ? "Replace it" : "Replace them", run } });
};

const addFolders = async (app: App, projectId: string, paths: readonly string[]): Promise<void> => {
  for (const path of paths) {
    try {
      const made = await patiently(() => app.call(routes.createFolder, { params: { projectId }, body: { path } }));
      app.files.setState(({ entries: now }) => ({ entries: withChanged(now, [made]) }));
    } catch (error) {
      if (!isProblem(error, "projects/path-taken")) sayRefused([{ path, why: errorText(error) }], "added");
    }
  }
};

/** Shows the result: a single file is opened, a folder is unfolded. */
const showAdded = (app: App, added: ReadonlyMap<string, string>, brought: Brought, folder: string): void => {
  const [only] = added.values();
  if (brought.files.length === 1 && only !== undefined) {
    openFile(app, only);
    return;
  }
  app.layout.setState({ filesShown: true });
  const { entries } = app.files.getState();
  const tops = new Set(
    [...added.keys()].map((path) => path.slice(folder === "" ? 0 : folder.length + 1).split("/")[0]),
  );
  for (const path of [folder, ...[...tops].map((top) => joinPath(folder, top ?? ""))]) {
    const entry = entryAt(entries, path);
    if (entry?.kind === "folder") setExpanded(app.files, entry.id, true);
  }
};

/** Files and empty folders as one archive; `files` have their paths in the project. */
const addAsArchive = async (
  app: App,
  { projectId, folder, brought }: { readonly projectId: string; readonly folder: string; readonly brought: Brought },
): Promise<void> => {
  const tops = new Set(brought.files.map(({ path }) => path.split("/")[0] ?? ""));
  const [top] = tops;
  const name = tops.size === 1 && top !== undefined ? top : countWords(brought.files.length);
  const archive = tarOfFiles(brought);
  const report = await importArchive(app, { projectId, archive, name, folder, topFolder: "keep" });
  if (report) await readTree(app, projectId);
};

/** Unpacks a single archive; the user may keep it as a file instead. */
const unpack = async (app: App, folder: string, one: BroughtFile): Promise<void> => {
  const { id: projectId } = await ensureProject(app);
  await app.deletions.settle();
  const keepAsFile = (): void => {
    void addSafely(app, folder, () => ({ files: [one], folders: [], leftOut: [] }), { unpacks: false });
  };
  const { file, path: name } = one;
  const report = await importArchive(app, { projectId, archive: file, name, folder, topFolder: "strip", keepAsFile });
  if (!report) return;
  await readTree(app, projectId);
  app.layout.setState({ filesShown: true });
};

const isLarge = (files: readonly BroughtFile[]): boolean =>
  files.length >= MANY_FILES || files.reduce((sum, { file }) => sum + file.size, 0) >= MANY_BYTES;

const add = async (app: App, folder: string, brought: Brought): Promise<void> => {
  const { id: projectId } = await ensureProject(app);
  await app.deletions.settle();
  const { entries } = app.files.getState();
  const files = brought.files.map(({ path, file }) => ({ path: joinPath(folder, path), file }));
  const isTaken = ({ path }: { readonly path: string }): boolean => entryAt(entries, path)?.kind === "file";
  const fresh = files.filter((one) => !isTaken(one));
  if (fresh.length > 1 && isLarge(fresh)) {
    const free = brought.files.filter((_, at) => !isTaken(files[at] ?? { path: "" }));
    await addAsArchive(app, { projectId, folder, brought: { ...brought, files: free } });
    if (brought.leftOut.length > 0) showToast({ text: `Left out: ${brought.leftOut.join(", ")}.` });
    offerReplacing(app, projectId, files.filter(isTaken));
    return;
  }
  const added = new Map<string, string>();
  const counting = countingToast(fresh.length);
  const refused = await forAll(
    fresh,
    async (one) => void added.set(one.path, await createOne(app, projectId, one)),
    counting.tell,
  );
  await addFolders(
    app,
    projectId,
    brought.folders.map((path) => joinPath(folder, path)),
  );
  counting.end();
  if (added.size > 1) showToast({ text: `Added ${countWords(added.size)}.` });
  if (brought.leftOut.length > 0) showToast({ text: `Left out: ${brought.leftOut.join(", ")}.` });
  sayRefused(refused, "added");
  offerReplacing(app, projectId, files.filter(isTaken));
  showAdded(app, added, brought, folder);
};

const addSafely = async (
  app: App,
  folder: string,
  read: () => Brought | Promise<Brought>,
  { unpacks = true }: { readonly unpacks?: boolean } = {},
): Promise<void> => {
  if (!mayEdit(app.projects.getState().state)) {
    showToast({ text: "You can only view this project: nothing was added." });
    return;
  }
  try {
    const brought = await read();
    const [only] = brought.files;
    const isArchive = only !== undefined && brought.files.length === 1 && isArchiveName(only.path);
    if (unpacks && isArchive && brought.folders.length === 0) await unpack(app, folder, only);
    else await add(app, folder, brought);
  } catch (error) {
    const why = error instanceof RangeError ? error.message : errorText(error);
    showToast({ text: `Nothing was added. ${why}`, tone: "bad" });
  }
};

/** Adds what was dropped or pasted to a folder (empty: the root). */
export const addItems = (app: App, folder: string, items: readonly TransferItem[]): Promise<void> =>
  addSafely(app, folder, () => readTransfer(items));

/** Adds what was chosen in a file field. */
export const addChosen = (app: App, folder: string, files: Iterable<File>): Promise<void> =>
  addSafely(app, folder, () => readChosen(files));
