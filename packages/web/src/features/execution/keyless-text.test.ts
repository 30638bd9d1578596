import { describe, expect, it } from "vitest";
import { passKeylessText } from "./keyless-text.ts";

/** A text field inside its terminal, as far as the tests need them. */
const createTerminal = () => {
  const [element, textarea] = [new EventTarget(), new EventTarget()];
  let heard = (_data: string): void => undefined;
  const sent: string[] = [];
  passKeylessText(
    {
      element: element as HTMLElement,
      textarea: textarea as HTMLTextAreaElement,
      onData: (listener) => {
        heard = listener;
        return { dispose: () => undefined };
      },
    },
    (text) => sent.push(text),
  );
  return {
    sent,
    keyDown: (keyCode = 65) => element.dispatchEvent(Object.assign(new Event("keydown"), { keyCode })),
    terminalSends: (data: string) => heard(data),
    input: (data: string | null, inputType = "insertText", isComposing = false) =>
      textarea.dispatchEvent(Object.assign(new Event("input"), { data, inputType, isComposing })),
  };
};

describe("text that comes without a key", () => {
  it("reaches the program", () => {
    const { input, sent } = createTerminal();
    input("\u{1F642}");
    input("dictated words");
    expect(sent).toEqual(["\u{1F642}", "dictated words"]);
  });

  it("of a key is passed on once, also when the key repeats itself", () => {
    const { input, keyDown, sent, terminalSends } = createTerminal();
    for (let count = 0; count < 2; count += 1) {
      keyDown();
      terminalSends("a");
      input("a");
    }
    input("a");
    expect(sent).toEqual(["a", "a", "a"]);
  });

  it("that the terminal handles by itself is left to it: pasted, composed, compared", () => {
    const { input, keyDown, sent } = createTerminal();
    input("pasted", "insertFromPaste");
    input("か", "insertCompositionText", true);
    input(null, "deleteContentBackward");
    keyDown(229);
    input("x");
    expect(sent).toEqual([]);
  });
});
