/** For tests: a channel as the edge gives it to a module. */
import type { SocketCall } from "./ports.ts";

export const testSocketCall = (
  given: Pick<SocketCall, "channel" | "path" | "params" | "actor"> & Partial<SocketCall>,
): SocketCall => ({
  isRelayed: false,
  query: new URLSearchParams(),
  request: { id: "r", address: "127.0.0.1" },
  reserve: () => () => undefined,
  admit: async () => true,
  reads: () => undefined,
  audit: () => undefined,
  ...given,
});
