/** The documents that are open in this process: each once, under its home, as long as its reference count is above zero. */
import { CLOSE } from "@atelier/contracts";
import type { Log } from "#kernel/log";
import type { Pending } from "#kernel/pending";
import type { Clock } from "#kernel/clock";
import { Problem } from "#kernel/problem";
import { SetIndex } from "#kernel/set-index";
import type { Home, Homes, HomesNode } from "#platform/homes";
import type { Checkpointing } from "../checkpoint/checkpointing.ts";
import { Overrun } from "../materialise/materialiser.ts";
import type { LiveDocument } from "./live-document.ts";
import type { DocumentRef } from "./document-ref.ts";
import { Upkeep, type UpkeepTimes } from "./upkeep.ts";

const CLAIM_WAIT_MS = 10_000;

/** A document that stays open until released. */
export type DocumentReference = { readonly document: LiveDocument; release(): void };

type Open = { readonly document: LiveDocument; readonly home: Home; readonly upkeep: Upkeep; references: number };

/** State of one document: being opened, open, or closing (then `gone` settles). */
type Slot =
  | { readonly state: "opening"; readonly opened: Promise<Open | undefined> }
  | { readonly state: "open"; readonly open: Open }
  | { readonly state: "closing"; readonly open: Open; readonly gone: Promise<void> };

export type RegistryOptions = {
  readonly homes: Homes;
  readonly clock: Clock;
  readonly log: Log;
  readonly times: UpkeepTimes;
  readonly checkpointing: Checkpointing;
  /** Counts the timed work in progress. */
  readonly pending: Pending;
  /** Called when a document is dropped with edits that are in no version. */
  readonly onDropped: (ref: DocumentRef) => void;
  /** undefined: no such file. */
  readonly open: (ref: DocumentRef, home: Home) => Promise<LiveDocument | undefined>;
};

/** A document whose work exceeded its deadline refuses connections for this time, twice as long after each further one. */
const FIRST_REST_MS = 60_000;
const LONGEST_REST_MS = 3_600_000;
const MAX_RESTING = 10_000;

/** The key has project and file: a user who may open one project can name the file id of another. */
const keyOf = ({ projectId, fileId }: DocumentRef): string => `${projectId}/${fileId}`;
const homeOf = (ref: DocumentRef): string => `document/${keyOf(ref)}`;

const unavailable = (detail: string): Problem =>
  new Problem("collaboration/document-unavailable", detail, { retryAfterSeconds: 1 });

export class DocumentRegistry {
  readonly #options: RegistryOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #keysByProject = new SetIndex<string, string>();
  readonly #resting = new Map<string, { readonly untilMs: number; readonly restMs: number }>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Open documents, all or those of one project. */
  *documents(projectId?: string): Iterable<LiveDocument> {
    const keys = projectId === undefined ? this.#slots.keys() : this.#keysByProject.get(projectId);
    for (const key of keys) {
      const slot = this.#slots.get(key);
      if (slot !== undefined && slot.state !== "opening") yield slot.open.document;
    }
  }

  /** The document if it is open. */
  document(ref: DocumentRef): LiveDocument | undefined {
    const slot = this.#slots.get(keyOf(ref));
    return slot === undefined || slot.state === "opening" ? undefined : slot.open.document;
  }

  /** Number of documents that are open, being opened or closing. */
  get size(): number {
    return this.#slots.size;
  }

  /** Acquires a document only if it is open or being opened. */
  async acquireOpen(ref: DocumentRef): Promise<DocumentReference | undefined> {
    return this.#slots.has(keyOf(ref)) ? this.acquire(ref) : undefined;
  }

  /**
   * Opens the document, or adds a reference to the open one.
   * @returns undefined when there is no such file. @throws Problem collaboration/document-unavailable while it refuses connections; HomeTaken
   */
  async acquire(ref: DocumentRef): Promise<DocumentReference | undefined> {
    const key = keyOf(ref);
    const restMs = (this.#resting.get(key)?.untilMs ?? 0) - this.#options.clock.monotonic();
    if (restMs > 0)
      throw new Problem("collaboration/document-unavailable", undefined, { retryAfterSeconds: restMs / 1_000 });
    for (;;) {
      const slot = this.#slots.get(key);
      if (slot?.state === "closing") {
        await slot.gone;
        continue;
      }
      const open = slot?.state === "open" ? slot.open : await (slot?.opened ?? this.#open(ref));
      if (open === undefined) return undefined;
      // It may have been dropped again since it was opened.
      if (open.document.isGone || this.#slots.get(key)?.state !== "open") continue;
      open.references += 1;
      open.upkeep.acquired();
      let isAcquired = true;
      return {
        document: open.document,
        release: () => {
          if (!isAcquired) return;
          isAcquired = false;
          open.references -= 1;
          if (open.references === 0) open.upkeep.released();
        },
      };
    }
  }

  /** Drops a document without writing: the log has everything. */
  evict(document: LiveDocument, close: { readonly code: number; readonly reason: string }): void {
    const slot = this.#slots.get(keyOf(document.owner.ref));
    if (document.isDirty) this.#options.onDropped(document.owner.ref);
    document.isGone = true;
    document.closeAll(close.code, close.reason);
    document.awareness.close();
    if (slot === undefined || slot.state === "opening" || slot.open.document !== document) return;
    slot.open.upkeep.stop();
    this.#remove(document.owner.ref);
    void slot.open.home.release();
  }

  /** Writes a checkpoint and a snapshot, and releases the home. @throws when writing fails; the document then stays open. */
  async close(document: LiveDocument): Promise<void> {
    const { ref } = document.owner;
    const slot = this.#slots.get(keyOf(ref));
    if (slot?.state !== "open" || slot.open.document !== document) return;
    const { open } = slot;
    const leave = async (): Promise<void> => {
      await this.#options.checkpointing.putToRest(document);
      if (document.isGone) return;
      document.isGone = true;
      open.upkeep.stop();
      document.awareness.close();
      await open.home.release();
    };
    const left = leave();
    const settle = (next: Slot | undefined): void => {
      if (this.#slots.get(keyOf(ref)) !== closing) return;
      if (next === undefined) this.#remove(ref);
      else this.#set(ref, next);
    };
    const closing: Slot = {
      state: "closing",
      open,
      gone: left.then(
        () => settle(undefined),
        () => settle(slot),
      ),
    };
    this.#set(ref, closing);
    await closing.gone;
    await left;
  }

  /** Drops all documents without writing: the log has everything. */
  forgetAll(): void {
    for (const document of this.documents()) this.evict(document, { code: CLOSE.moving, reason: "stopping" });
  }

  #set(ref: DocumentRef, slot: Slot): void {
    this.#slots.set(keyOf(ref), slot);
    this.#keysByProject.add(ref.projectId, keyOf(ref));
  }

  #remove(ref: DocumentRef): void {
    this.#slots.delete(keyOf(ref));
    this.#keysByProject.delete(ref.projectId, keyOf(ref));
  }

  /** Drops a document whose work exceeded its deadline, and refuses connections for a while. Its log is unchanged. */
  #letRest(ref: DocumentRef): void {
    const key = keyOf(ref);
    const restMs = Math.min(LONGEST_REST_MS, (this.#resting.get(key)?.restMs ?? FIRST_REST_MS / 2) * 2);
    const oldest = this.#resting.size >= MAX_RESTING ? this.#resting.keys().next() : undefined;
    if (oldest?.done === false) this.#resting.delete(oldest.value);
    this.#resting.delete(key);
    this.#resting.set(key, { untilMs: this.#options.clock.monotonic() + restMs, restMs });
    this.#options.log.error("collaboration.document-rests", { fileId: ref.fileId, restMs });
  }

  #open(ref: DocumentRef): Promise<Open | undefined> {
    const opened = this.#openInHome(ref).then(
      (open) => {
        if (open === undefined || open.document.isGone) this.#remove(ref);
        else this.#set(ref, { state: "open", open });
        return open;
      },
      (error: unknown) => {
        this.#remove(ref);
        if (error instanceof Overrun) this.#letRest(ref);
        throw error;
      },
    );
    this.#set(ref, { state: "opening", opened });
    return opened;
  }

  /** The other node that has the document open, if one has. */
  async elsewhere(ref: DocumentRef): Promise<HomesNode | undefined> {
    const { homes } = this.#options;
    if (!homes.areShared || this.#slots.has(keyOf(ref))) return undefined;
    const where = await homes.find(homeOf(ref));
    return where.at === "node" ? where.node : undefined;
  }

  async #openInHome(ref: DocumentRef): Promise<Open | undefined> {
    const { clock, log, times, checkpointing } = this.#options;
    const home = await this.#options.homes.claim(homeOf(ref), { waitMs: CLAIM_WAIT_MS });
    let document: LiveDocument | undefined;
    try {
      document = await this.#options.open(ref, home);
      if (home.lost.aborted) throw unavailable("The document moved while it was opened.");
    } catch (error) {
      await home.release();
      throw error;
    }
    if (document === undefined || document.isGone) await home.release();
    if (document === undefined) return undefined;
    const opened = document;
    const moving = (): void => this.evict(opened, { code: CLOSE.moving, reason: "the document has another owner" });
    const upkeep = new Upkeep({
      clock,
      times,
      work: {
        checkpoint: () => checkpointing.checkpoint(opened),
        catchUp: () => checkpointing.catchUpWithFile(opened),
        snapshot: () => checkpointing.snapshot(opened),
        compact: () => checkpointing.compact(opened),
        shrinkLog: () => checkpointing.shrinkLog(opened),
        retire: () => this.#retire(open),
      },
      pending: this.#options.pending,
      onFault: (task, error) => {
        log.warn("collaboration.upkeep-failed", {
          task,
          fileId: ref.fileId,
          error: error instanceof Error ? error.message : "unknown",
        });
        if (error instanceof Overrun) {
          this.#letRest(ref);
          this.evict(opened, { code: CLOSE.overloaded, reason: "the document can't be read right now" });
        } else if (task === "retire" && open.references === 0) upkeep.released();
      },
    });
    const open: Open = { document: opened, home, upkeep, references: 0 };
    opened.onEdited = () => {
      const { needsCompaction, stateBytes: bytes } = opened.content;
      upkeep.edited({ needsCompaction, bytes, isLogLong: opened.isLogLong });
    };
    opened.onBehind = () => upkeep.behind();
    opened.onRefused = moving;
    home.lost.addEventListener("abort", () => {
      if (!opened.isGone) moving();
    });
    if (opened.isDirty) opened.onEdited();
    return open;
  }

  async #retire(open: Open): Promise<void> {
    if (open.references === 0) await this.close(open.document);
  }
}
