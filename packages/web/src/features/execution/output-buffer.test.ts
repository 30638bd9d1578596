import { expect, it } from "vitest";
import { createOutputBuffer } from "./output-buffer.ts";

it("gives all of its text, or the chunks that hold its end", () => {
  const output = createOutputBuffer();
  const text = ["one ", "two ", "dreißig"];
  for (const part of text) output.append(new TextEncoder().encode(part));
  expect(output.text()).toBe("one two dreißig");
  expect(output.text({ lastBytes: 3 })).toBe("dreißig");
  expect(output.text({ lastBytes: 9 })).toBe("two dreißig");
  expect(output.text({ lastBytes: 1000 })).toBe("one two dreißig");
  output.clear();
  expect(output.text({ lastBytes: 10 })).toBe("");
});
