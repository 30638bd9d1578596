import { describe, expect, test } from "vitest";
import { createPinoLog } from "./pino-log.ts";

const open = () => {
  const lines: string[] = [];
  const log = createPinoLog({ level: "debug", destination: { write: (line) => void lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? "{}") as Record<string, unknown> };
};

describe("the log", () => {
  test("[G1] no field value can forge a line", () => {
    const { log, lines, last } = open();
    const forged = 'a"}\n{"level":"error","event":"forged"}\r\n\u2028\u001b[31m\0';
    log.info("path.seen", { path: forged });
    expect(lines).toHaveLength(1);
    expect(Array.from(lines[0]?.trimEnd() ?? "").filter((character) => character < " ")).toEqual([]);
    expect(last()).toMatchObject({ event: "path.seen", path: forged });
  });

  test("[G2] fields that are named like a secret are redacted, on the first two levels", () => {
    const { log, lines } = open();
    log.info("seen", { token: "s3cret", request: { authorization: "s3cret", cookie: "s3cret", password: "s3cret" } });
    expect(lines.join("")).not.toContain("s3cret");
    expect(lines.join("")).toContain("[secret]");
  });

  test("[G3] the type, message, code and stack of an error and its causes are logged; not the rows that a driver adds to it", () => {
    const { log, lines, last } = open();
    const inner = Object.assign(new Error("duplicate key value"), {
      code: "23505",
      detail: "Key (email)=(somebody@example.org) already exists.",
      where: "JSON data, line 1: the file's content",
    });
    log.error("failed", { error: new Error("outer", { cause: new AggregateError([inner], "several") }) });
    expect(last()).toMatchObject({
      error: {
        type: "Error",
        message: "outer",
        cause: { type: "AggregateError", errors: [{ message: "duplicate key value", code: "23505" }] },
      },
    });
    expect((last()["error"] as { stack: string }).stack).toContain("pino-log.test.ts");
    expect(lines.join("")).not.toMatch(/somebody@example\.org|the file's content/u);
    log.error("failed", { error: "a text" });
    expect(last()["error"]).toEqual({ type: "string", message: "a text" });
  });

  test("[G3] circular causes end", () => {
    const { log, last } = open();
    const one = new Error("one");
    one.cause = new Error("two", { cause: one });
    log.error("failed", { error: one });
    expect(JSON.stringify(last()).match(/"message":"one"/gu)).toHaveLength(3);
  });
});
