import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { silentLog } from "#kernel/log";
import { installShutdown } from "./shutdown.ts";

const handlers = new Map<string, (signal: string) => void>();
const did: string[] = [];

beforeEach(() => {
  handlers.clear();
  did.length = 0;
  vi.useFakeTimers({ toFake: ["performance"] });
  vi.spyOn(process, "on").mockImplementation((event: unknown, handler: unknown) => {
    handlers.set(String(event), handler as (signal: string) => void);
    return process;
  });
  vi.spyOn(process, "exit").mockImplementation((code) => {
    did.push(`exit ${code}`);
    throw new Error("ended");
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const install = () => {
  const log = { ...silentLog, flush: () => undefined };
  const { beforeForcedEnd } = installShutdown({
    log,
    stop: () => {
      did.push("stop");
      return new Promise(() => undefined);
    },
    tell: () => undefined,
  });
  beforeForcedEnd(() => void did.push("end the database"));
  return (signal: string): void => {
    try {
      handlers.get(signal)?.(signal);
    } catch (error) {
      expect(error).toMatchObject({ message: "ended" });
    }
  };
};

test("repeated SIGTERMs within 3 s do not force the end; a later one does, and ends the database too", () => {
  const send = install();
  send("SIGTERM");
  send("SIGTERM");
  vi.advanceTimersByTime(2_900);
  send("SIGTERM");
  expect(did).toEqual(["stop"]);
  vi.advanceTimersByTime(200);
  send("SIGTERM");
  expect(did).toEqual(["stop", "end the database", "exit 130"]);
});

test("a second SIGINT forces the end", () => {
  const send = install();
  send("SIGINT");
  send("SIGINT");
  expect(did).toEqual(["stop", "end the database", "exit 130"]);
});
