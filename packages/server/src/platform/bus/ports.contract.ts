/** The contract suite of Bus; each adapter's test calls it. */
import { describe, expect, test } from "vitest";
import type { Log } from "#kernel/log";
import { silentLog } from "#kernel/log";
import type { Bus } from "./ports.ts";

/** @param settle resolves when everything published so far was delivered. */
export const describeBus = (
  name: string,
  open: (log: Log) => Promise<{ bus: Bus; settle: () => Promise<void> }>,
): void => {
  describe(`Bus: ${name}`, () => {
    const file = (id: string) => ({ projectId: "p", fileIds: [id] });

    test("[M1] a listener hears its topic in order, and no other", async () => {
      const { bus, settle } = await open(silentLog);
      const heard: string[] = [];
      bus.subscribe("files-removed", (message) => heard.push(...message.fileIds));
      for (let index = 0; index < 50; index++) bus.publish("files-removed", file(`${index}`));
      bus.publish("sign-in-ended", { signInId: "x" });
      await settle();
      expect(heard).toEqual(Array.from({ length: 50 }, (_, index) => `${index}`));
    });

    test("[M2] after leaving nothing is heard, the others still hear", async () => {
      const { bus, settle } = await open(silentLog);
      const heard: string[] = [];
      const leave = bus.subscribe("files-removed", () => heard.push("a"));
      bus.subscribe("files-removed", () => heard.push("b"));
      leave();
      leave();
      bus.publish("files-removed", file("1"));
      await settle();
      expect(heard).toEqual(["b"]);
    });

    test("[M3] a listener that throws is logged and stays subscribed, and other listeners get the message", async () => {
      const logged: string[] = [];
      const log: Log = { ...silentLog, error: (event) => void logged.push(event) };
      const { bus, settle } = await open(log);
      const heard: string[] = [];
      bus.subscribe("files-removed", () => {
        throw new Error("planted");
      });
      bus.subscribe("files-removed", (message) => heard.push(...message.fileIds));
      bus.publish("files-removed", file("1"));
      bus.publish("files-removed", file("2"));
      await settle();
      expect(heard).toEqual(["1", "2"]);
      expect(logged).toHaveLength(2);
    });

    test("[M4] all listeners get a message before those that a listener publishes in response", async () => {
      const { bus, settle } = await open(silentLog);
      const heard: string[] = [];
      bus.subscribe("files-removed", (message) => {
        if (message.fileIds[0] === "cause") bus.publish("files-removed", file("effect"));
      });
      bus.subscribe("files-removed", (message) => heard.push(...message.fileIds));
      bus.publish("files-removed", file("cause"));
      await settle();
      expect(heard).toEqual(["cause", "effect"]);
    });
  });
};
