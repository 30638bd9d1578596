/** The numbers of `WS /api/collaborate/:projectId/:fileId`: y-websocket's messages, Atelier's from 100 on, and close codes. */

/** The root text of every document. */
export const ROOT_TEXT = "content";

/** Message types (varuint). 0-3 as in y-websocket; 100 and above only to clients that connect with `?v=1`. */
export const MESSAGE = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  /** varuint n: the first n update messages (sync step 2 and update, counted together) of this connection are durable. */
  saved: 100,
  /** varstring JSON DocumentFacts; sent before the first sync response and after each change. */
  facts: 101,
  /** varstring JSON {durable: boolean}: false while the log is unavailable; updates are relayed but not confirmed. */
  durability: 102,
} as const;

export const CLOSE = {
  badMessage: 4400,
  signedOut: 4401,
  rightsTaken: 4403,
  notFound: 4404,
  generationChanged: 4409,
  tooLarge: 4413,
  tooFast: 4429,
  moving: 1012,
  overloaded: 1013,
} as const;

/** Documents above this open read-only (bytes of UTF-8). */
export const MAX_DOCUMENT_BYTES = 5 * 1024 * 1024;
