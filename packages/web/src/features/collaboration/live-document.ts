/** A shared file: synchronises this page's replica, the server and the device's unsaved edits. */
import { CLOSE, type DocumentFacts } from "@atelier/contracts";
import { applyAwarenessUpdate, removeAwarenessStates } from "y-protocols/awareness";
import * as Y from "yjs";
import { type AwarenessSender, createAwarenessSender } from "./awareness-sender.ts";
import type { OpenChannel, PageChannel } from "../../app/project-socket.ts";
import type { LiveEnvironment } from "../../app/environment.ts";
import * as messages from "./live-messages.ts";
import { createOutbox } from "./outbox.ts";
import { REMOTE_ORIGIN, RESTORED_ORIGIN, type Replica, createReplica, insertedText } from "./replica.ts";
import {
  QUIET_INTERRUPTION_MS,
  type ReadOnlyReason,
  SETTLED_MS,
  SLOW_SAVE_MS,
  type SaveState,
  sameSaveState,
  saveStateOf,
} from "./save-state.ts";
import { type Signal, createSignal } from "./signal.ts";
import type { KeptCopy, UnsavedStore } from "./unsaved-store.ts";

export interface LiveDocumentOptions {
  projectId: string;
  fileId: string;
  /** Only for the name of a recovered copy. */
  path: string;
  openChannel: OpenChannel;
  store: UnsavedStore;
  environment: LiveEnvironment;
  log: (event: string, details?: Record<string, unknown>) => void;
}

export interface LiveDocument {
  readonly projectId: string;
  readonly fileId: string;
  /** The current replica; `onReplaced` is emitted when another generation replaces it. */
  readonly replica: Replica;
  /** Whether this replica has the server's text and the stored edits of an earlier visit. */
  readonly synced: boolean;
  readonly readOnly: ReadOnlyReason | undefined;
  /** Whether the server has refused this user the document for good. */
  readonly ended: boolean;
  /** The displayed state: it returns to "saved" half a second after the last confirmation. */
  readonly saveState: SaveState;
  /** Number of this page's edits that no server has confirmed. */
  readonly unconfirmed: number;
  readonly onSynced: Signal<Replica>;
  readonly onReplaced: Signal<Replica>;
  readonly onAccess: Signal<ReadOnlyReason | undefined>;
  readonly onSaveState: Signal<SaveState>;
  /** Emitted when unsaved text became a copy, because the generation changed or the rights were revoked. */
  readonly onKeptCopy: Signal<KeptCopy>;
  /** Stores text that can't be merged into the document as a copy, and emits `onKeptCopy`. */
  keepCopy(text: string): Promise<void>;
  /** Closes the channel; unsaved edits stay on the device. */
  close(): Promise<void>;
}

/** The key under which a document's unsaved edits are stored. */
export const documentName = (projectId: string, fileId: string): string => `${projectId}/${fileId}`;

/** Close codes from here on are Atelier's. */
const PRIVATE_CODES = 4_000;
/** Cursors of others stay this long after the channel is lost. */
const STALE_CURSORS_MS = 3_000;

const FINAL: Readonly<Record<number, ReadOnlyReason>> = {
  [CLOSE.rightsTaken]: "rights-taken",
  [CLOSE.notFound]: "not-found",
  [CLOSE.tooLarge]: "too-large",
};

export function openLiveDocument(options: LiveDocumentOptions): LiveDocument {
  const { projectId, fileId, store, environment, log } = options;
  const name = documentName(projectId, fileId);
  const onSynced = createSignal<Replica>();
  const onReplaced = createSignal<Replica>();
  const onAccess = createSignal<ReadOnlyReason | undefined>();
  const onSaveState = createSignal<SaveState>();
  const onKeptCopy = createSignal<KeptCopy>();
  let left = store.load(name);
  let replica = createReplica();
  let sender: AwarenessSender | undefined;
  let synced = false;
  let readOnly: ReadOnlyReason | undefined;
  let durable = true;
  let generation: number | undefined;
  let disconnectedSince: number | undefined = environment.now();
  let confirmedAt = -Infinity;
  let state: SaveState = { kind: "saved" };
  let stateAsked = false;
  /** The state was read before it was emitted: the next one is emitted even if it equals the last emitted one. */
  let readAhead = false;
  let cancelStateTimer: (() => void) | undefined;
  let closed = false;
  let ended = false;
  let lastKeptAt = 0;
  const outbox = createOutbox({ name, store, environment, send: (frame) => channel.send(frame) });

  const currentState = (): SaveState =>
    saveStateOf({
      readOnly,
      connected: disconnectedSince === undefined,
      disconnectedMs: environment.now() - (disconnectedSince ?? environment.now()),
      unconfirmed: outbox.unconfirmed,
      oldestMs: environment.now() - (outbox.oldestSince ?? environment.now()),
      calmMs: environment.now() - confirmedAt,
      durable,
      kept: store.available,
    });
  /** Listeners may render, so they are called once per frame, never inside a keystroke. */
  const stateChanged = () => {
    if (stateAsked || closed) return;
    stateAsked = true;
    environment.nextFrame(() => {
      stateAsked = false;
      const now = currentState();
      cancelStateTimer?.();
      const turns = [
        (disconnectedSince ?? -Infinity) + QUIET_INTERRUPTION_MS,
        (outbox.oldestSince ?? -Infinity) + SLOW_SAVE_MS,
        confirmedAt + SETTLED_MS,
      ];
      const waitMs = Math.min(...turns.map((at) => at - environment.now()).filter((ms) => ms > 0));
      cancelStateTimer = waitMs < Infinity ? environment.after(waitMs + 1, stateChanged) : undefined;
      if (!readAhead && sameSaveState(now, state)) return;
      readAhead = false;
      state = now;
      onSaveState.emit(state);
    });
  };

  const edited = (update: Uint8Array, origin: unknown) => {
    if (origin === REMOTE_ORIGIN || origin === RESTORED_ORIGIN) return;
    outbox.edited(update, generation ?? 0);
    if (!channel.isOpen) channel.hurry();
    stateChanged();
  };
  const adopt = (fresh: Replica) => {
    replica = fresh;
    sender?.dispose();
    sender = createAwarenessSender(fresh.awareness, (frame) => channel.send(frame), environment);
    fresh.doc.on("update", edited);
  };

  const keep = async (text: string) => {
    // The time identifies a copy, so it must be unique.
    lastKeptAt = Math.max(Date.now(), lastKeptAt + 1);
    const copy: KeptCopy = { document: name, path: options.path, text, keptAt: lastKeptAt };
    await store.keepCopy(copy);
    onKeptCopy.emit(copy);
  };
  /** Drops the replica, stores its unsaved text as a copy, and begins with an empty one. */
  const startAfresh = (why: string) => {
    log("document.afresh", { fileId, why, unconfirmed: outbox.unconfirmed });
    if (outbox.unconfirmed > 0) void keep(replica.text.toJSON());
    outbox.clear();
    synced = false;
    const old = replica;
    const announced = old.awareness.getLocalState();
    adopt(createReplica());
    replica.awareness.setLocalState(announced && { ...announced, selection: null });
    onReplaced.emit(replica);
    old.doc.destroy();
    stateChanged();
  };
  /** Applies the edits that an earlier visit (or another tab) stored on the device to the synced replica. */
  const restore = async () => {
    const into = replica;
    const rows = await left;
    left = Promise.resolve([]);
    if (rows.length === 0) return;
    if (into !== replica || closed || readOnly === "log-unavailable") {
      left = Promise.resolve(rows);
      return;
    }
    const fitting = readOnly ? [] : rows.filter(({ update }) => update.generation === (generation ?? 0));
    const strays = rows.filter((row) => !fitting.includes(row));
    log("document.restored", { fileId, updates: fitting.length, strays: strays.length });
    if (strays.length > 0) {
      const text = insertedText(strays.map(({ update }) => update.update));
      if (text !== "") await keep(text);
      store.discard(strays.map(({ ticket }) => ticket));
    }
    if (fitting.length === 0) return;
    const merged = Y.mergeUpdates(fitting.map(({ update }) => update.update));
    Y.applyUpdate(into.doc, merged, RESTORED_ORIGIN);
    outbox.restored(fitting, merged);
    stateChanged();
  };
  const finishSync = async () => {
    const of = replica;
    await restore();
    if (of !== replica || closed) return;
    channel.settled();
    outbox.flush();
    stateChanged();
    if (synced) return;
    synced = true;
    onSynced.emit(of);
  };

  const setReadOnly = (reason: ReadOnlyReason | undefined) => {
    if (reason === readOnly) return;
    readOnly = reason;
    onAccess.emit(reason);
    stateChanged();
  };
  const learned = (news: DocumentFacts) => {
    if (generation !== undefined && news.generation !== generation) {
      generation = news.generation;
      startAfresh("generation");
      channel.restart();
      return;
    }
    generation = news.generation;
    const reason = news.readOnly ? (news.reason ?? "role") : undefined;
    if (reason === "role" && outbox.unconfirmed > 0) {
      setReadOnly(reason);
      startAfresh("rights");
      channel.restart();
      return;
    }
    setReadOnly(reason);
    outbox.allow(!news.readOnly);
    if (synced && !news.readOnly) void restore();
  };
  const receive = (message: messages.LiveMessage) => {
    switch (message.kind) {
      case "step1":
        outbox.answer(replica, message.stateVector);
        return;
      case "step2":
      case "update":
        Y.applyUpdate(replica.doc, message.update, REMOTE_ORIGIN);
        if (message.kind === "update") return;
        // A server that sends no facts has no roles: everybody may write.
        if (generation === undefined) outbox.allow(true);
        void finishSync();
        return;
      case "awareness":
        applyAwarenessUpdate(replica.awareness, message.payload, REMOTE_ORIGIN);
        return;
      case "query-awareness":
        sender?.announce();
        return;
      case "saved":
        if (outbox.unconfirmed > 0) confirmedAt = environment.now();
        outbox.confirmed(message.count);
        stateChanged();
        return;
      case "facts":
        learned(message.facts);
        return;
      case "durability":
        durable = message.durable;
        stateChanged();
        return;
      case "unknown":
        log("document.unknown-message", { fileId });
    }
  };
  const forgetOthers = () => {
    if (channel.isOpen) return;
    const { awareness } = replica;
    const others = [...awareness.getStates().keys()].filter((id) => id !== awareness.clientID);
    removeAwarenessStates(awareness, others, REMOTE_ORIGIN);
  };

  const channel: PageChannel = options.openChannel(
    projectId,
    () => ({ kind: "document", fileId, v: 1, ...(generation === undefined ? {} : { generation }) }),
    {
      onOpen: () => {
        disconnectedSince = undefined;
        durable = true;
        outbox.connected();
        channel.send(messages.step1Message(Y.encodeStateVector(replica.doc)));
        sender?.announce();
        stateChanged();
      },
      onFrame: (frame) => {
        if (typeof frame === "string") return;
        let message: messages.LiveMessage;
        try {
          message = messages.readLiveMessage(frame);
        } catch (error) {
          log("document.bad-message", { fileId, error: String(error) });
          return;
        }
        receive(message);
      },
      onClose: (code) => {
        if (disconnectedSince === undefined || code >= PRIVATE_CODES) log("document.closed", { fileId, code });
        disconnectedSince ??= environment.now();
        environment.after(STALE_CURSORS_MS, forgetOthers);
        stateChanged();
        const final = FINAL[code];
        if (final) {
          if (outbox.unconfirmed > 0) void keep(replica.text.toJSON());
          outbox.clear();
          ended = true;
          setReadOnly(final);
          return "stop";
        }
        if (code === CLOSE.generationChanged) {
          generation = undefined;
          startAfresh("generation");
        }
        return "again";
      },
      isUrgent: () => outbox.unconfirmed > 0,
    },
  );
  adopt(replica);
  void store.copies(name).then((copies) => copies.forEach((copy) => onKeptCopy.emit(copy)));
  const stopListening = environment.onLeave(() => {
    outbox.flush();
    void store.flush();
  });
  const stopHearing = store.onAvailable.on(stateChanged);

  return {
    projectId,
    fileId,
    get replica() {
      return replica;
    },
    get synced() {
      return synced;
    },
    get readOnly() {
      return readOnly;
    },
    get ended() {
      return ended;
    },
    get unconfirmed() {
      return outbox.unconfirmed;
    },
    get saveState() {
      const now = currentState();
      readAhead ||= !sameSaveState(now, state);
      return now;
    },
    onSynced,
    onReplaced,
    onAccess,
    onSaveState,
    onKeptCopy,
    keepCopy: keep,
    close: async () => {
      outbox.flush();
      closed = true;
      stopListening();
      stopHearing();
      cancelStateTimer?.();
      sender?.dispose();
      channel.close();
      await store.flush();
      replica.doc.destroy();
    },
  };
}
