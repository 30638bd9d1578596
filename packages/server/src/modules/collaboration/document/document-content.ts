/** The bytes of one open document: a compacted state, the updates since, and the clocks that both contain; never a Y.Doc. */
import { updateFrame, type UpdateFrame } from "../connection/frames.ts";
import { packUpdates } from "../materialise/materialise.ts";
import { createStateVector, type StateVector } from "./state-vector.ts";
import type { ClockRange } from "../updates/update-inspection.ts";

/** Above these limits the updates since the state are compacted into it. */
const MAX_TAIL_UPDATES = 500;
const MAX_TAIL_BYTES = 256 * 1024;

export class DocumentContent {
  #state: UpdateFrame;
  #stateSequence: number;
  /** Bytes of the file whose text the compacted state has; undefined until a worker measured it. */
  #stateFileBytes: number | undefined;
  #tail: { readonly sequence: number; readonly frame: UpdateFrame }[] = [];
  #tailBytes = 0;
  readonly #covered: StateVector;

  /** @param state one update with all up to `sequence`; `fileBytes`: of the file that it makes, where that is known. */
  constructor(state: {
    readonly state: Uint8Array;
    readonly stateVector: Uint8Array;
    readonly sequence: number;
    readonly fileBytes?: number;
  }) {
    this.#state = updateFrame(state.state);
    this.#stateSequence = state.sequence;
    this.#stateFileBytes = state.fileBytes;
    this.#covered = createStateVector(state.stateVector);
  }

  append(sequence: number, frame: UpdateFrame, ranges: readonly ClockRange[]): void {
    this.#tail.push({ sequence, frame });
    this.#tailBytes += frame.frame.byteLength;
    this.#covered.add(ranges);
  }

  covers(ranges: readonly ClockRange[]): boolean {
    return this.#covered.covers(ranges);
  }

  /** Whether the document has the first struct of the range. */
  knows(range: ClockRange): boolean {
    return this.#covered.knows(range);
  }

  /** Whether the range arrived already; it may still wait for earlier structs. */
  has(range: ClockRange): boolean {
    return this.#covered.covers([range]) || this.#covered.waits(range);
  }

  /** Whether the document has any struct of the client. */
  hasClient(client: number): boolean {
    return this.#covered.has(client);
  }

  /** Number of clients with structs. */
  get clients(): number {
    return this.#covered.size;
  }

  stateVector(): Uint8Array {
    return this.#covered.encode();
  }

  /** Bytes of the file whose text the compacted state has; undefined while unknown. */
  get stateFileBytes(): number | undefined {
    return this.#stateFileBytes;
  }

  /** Bytes of the updates since the compacted state. No update makes the text longer by more than its own size. */
  get tailBytes(): number {
    return this.#tailBytes;
  }

  get stateBytes(): number {
    return this.#state.frame.byteLength;
  }

  get needsCompaction(): boolean {
    return (
      this.#tail.length > MAX_TAIL_UPDATES || this.#tailBytes > Math.max(MAX_TAIL_BYTES, this.#state.frame.byteLength)
    );
  }

  /** All updates as one byte array, for the worker. */
  packed(): Uint8Array {
    return packUpdates(this.updates());
  }

  *updates(): Generator<Uint8Array> {
    yield this.#state.update;
    for (const { frame } of this.#tail) yield frame.update;
  }

  /** The whole document as frames that every joiner shares. */
  frames(): Uint8Array[] {
    return [this.#state.frame, ...this.tailFrames()];
  }

  tailFrames(): Uint8Array[] {
    return this.#tail.map(({ frame }) => frame.frame);
  }

  /** The compacted state alone; undefined while there are updates beyond it. */
  get wholeState(): Uint8Array | undefined {
    return this.#tail.length === 0 ? this.#state.update : undefined;
  }

  get state(): Uint8Array {
    return this.#state.update;
  }

  /** Replaces all updates up to `sequence` by their compacted state. @param fileBytes of the file with its text */
  replaceThrough(sequence: number, state: Uint8Array, fileBytes: number): void {
    if (sequence < this.#stateSequence) return;
    this.#state = updateFrame(state);
    this.#stateSequence = sequence;
    this.#stateFileBytes = fileBytes;
    this.#tail = this.#tail.filter((entry) => entry.sequence > sequence);
    this.#tailBytes = this.#tail.reduce((bytes, { frame }) => bytes + frame.frame.byteLength, 0);
  }
}
