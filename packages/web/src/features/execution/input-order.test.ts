import { expect, it } from "vitest";
import { createInputOrder } from "./input-order.ts";

const started = () => {
  const got: string[] = [];
  const order = createInputOrder((text) => got.push(text));
  /** As the terminal does: a paste comes back as input. */
  const paste = (text: string): void => order.pass(`<${text}>`);
  return { got, order, paste };
};

it("passes on at once what comes while nothing is pasted", () => {
  const { got, order } = started();
  order.pass("a");
  expect(got).toEqual(["a"]);
});

it("puts what is typed while a paste is being read behind it, for several pastes too", async () => {
  const { got, order, paste } = started();
  const first = Promise.withResolvers<string | undefined>();
  const second = Promise.withResolvers<string | undefined>();
  const pastes = [order.pasteWhenRead(first.promise, paste)];
  order.pass("\r");
  pastes.push(order.pasteWhenRead(second.promise, paste));
  order.pass("x");
  second.resolve("two");
  await Promise.resolve();
  expect(got).toEqual([]);
  first.resolve("one");
  await Promise.all(pastes);
  order.pass("y");
  expect(got).toEqual(["<one>", "\r", "<two>", "x", "y"]);
});

it("loses nothing that was typed when the clipboard can't be read", async () => {
  const { got, order, paste } = started();
  const pasted = order.pasteWhenRead(Promise.reject(new Error("denied")), paste);
  order.pass("typed");
  await pasted;
  order.pass("!");
  expect(got).toEqual(["typed", "!"]);
});
