import { describe, expect, test } from "vitest";
import { parseJsonBody } from "./json-body.ts";

const parse = (text: string): unknown => parseJsonBody(Buffer.from(text));

describe("a JSON body", () => {
  test("an unpaired surrogate is refused anywhere in a body, and never replaced", () => {
    for (const text of [
      String.raw`"\ud800"`,
      String.raw`"a\uDFFFb"`,
      String.raw`{"content": "x\ud83d"}`,
      String.raw`{"deep": [1, {"list": ["ok", "\udc00\ud800"]}]}`,
      String.raw`{"\ud800": 1}`,
    ]) {
      expect(() => parse(text), text).toThrow(expect.objectContaining({ code: "request/invalid" }));
    }
  });

  test("whole pairs, escaped or not, and text that only looks like an escape are accepted", () => {
    for (const text of [
      String.raw`{"a": "\ud83d\ude00"}`,
      `{"a": "😀"}`,
      String.raw`{"a": "\\ud800"}`,
      `{"\u00e4": null}`,
    ]) {
      expect(parse(text)).toEqual(JSON.parse(text));
    }
  });
});
