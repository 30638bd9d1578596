/** Pending work: idle also waits for work that begins while it waits. */
import { expect, test } from "vitest";
import { createPending } from "./pending.ts";

test("idle waits for all work, for work that it begins, and for work that fails", async () => {
  const pending = createPending();
  await pending.idle();
  const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const order: string[] = [];
  const begun = pending.track(
    first.promise.then((word) => {
      order.push(word);
      void pending.track(second.promise).catch(() => order.push("second failed"));
      return word;
    }),
  );
  const idle = pending.idle().then(() => order.push("idle"));
  first.resolve("first");
  expect(await begun).toBe("first");
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual(["first"]);
  second.reject(new Error("planted"));
  await idle;
  expect(order).toEqual(["first", "second failed", "idle"]);
});
