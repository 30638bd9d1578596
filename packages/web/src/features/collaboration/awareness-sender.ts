/** Sends this page's awareness at most every 100 ms: the first change at once, then the newest state. */
import { type Awareness, encodeAwarenessUpdate } from "y-protocols/awareness";
import type { LiveEnvironment } from "../../app/environment.ts";
import { awarenessMessage } from "./live-messages.ts";

const COALESCE_MS = 100;

export interface AwarenessSender {
  /** Announces this page again, with a newer clock, because the server may have removed it. */
  announce(): void;
  dispose(): void;
}

export function createAwarenessSender(
  awareness: Awareness,
  send: (frame: Uint8Array) => boolean,
  environment: LiveEnvironment,
): AwarenessSender {
  let sentAt = -Infinity;
  let cancel: (() => void) | undefined;
  let dirty = false;

  const flush = () => {
    cancel = undefined;
    if (!dirty) return;
    dirty = false;
    sentAt = environment.now();
    send(awarenessMessage(encodeAwarenessUpdate(awareness, [awareness.clientID])));
  };
  const changed = (_change: unknown, origin: unknown) => {
    if (origin !== "local") return;
    dirty = true;
    if (cancel) return;
    const waitMs = sentAt + COALESCE_MS - environment.now();
    if (waitMs <= 0) flush();
    else cancel = environment.after(waitMs, flush);
  };
  awareness.on("update", changed);
  return {
    announce: () => {
      if (awareness.getLocalState() !== null) awareness.setLocalState(awareness.getLocalState());
    },
    dispose: () => {
      awareness.off("update", changed);
      cancel?.();
    },
  };
}
