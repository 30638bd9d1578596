/** Large bodies at once: bounded over all and for one sender, and what is refused is not read. */
import { routes } from "@atelier/contracts";
import { request } from "node:http";
import { describe, expect, it, vi } from "vitest";
import { createBodyBudget, expectedBytes } from "./body-budget.ts";
import { createEdgeFixture } from "./test-edge.ts";

const PROJECT = "01900000-0000-7000-8000-000000000001";
const limits = { totalBytes: 100, senderBytes: 60, freeBytes: 10 };

describe("the budget for bodies", () => {
  it("bounds a sender and all together, and gives back once", () => {
    const budget = createBodyBudget(limits);
    const first = budget.take("a", 50);
    expect(() => budget.take("a", 11)).toThrow(expect.objectContaining({ code: "request/rate-limited" }));
    const second = budget.take("b", 50);
    expect(() => budget.take("c", 11)).toThrow(expect.objectContaining({ code: "server/unavailable" }));
    budget.take("c", 10)();
    first();
    first();
    budget.take("c", 50)();
    second();
    for (const sender of ["a", "b"]) budget.take(sender, 60)();
  });

  it("expects what the length says, the most for chunks, and leaves what is too large to others", () => {
    expect(expectedBytes({ "content-length": "50" }, 100)).toBe(50);
    expect(expectedBytes({ "transfer-encoding": "chunked" }, 100)).toBe(100);
    for (const length of [undefined, "0", "101", "x", "-5"])
      expect(expectedBytes({ "content-length": length }, 100)).toBeUndefined();
  });

  it("is held while a slow body arrives, and given back when its connection is cut", async () => {
    const MIB = 1024 * 1024;
    const edge = createEdgeFixture({ bodyBudget: { totalBytes: 8 * MIB, senderBytes: 5 * MIB, freeBytes: MIB } });
    await using _edge = edge;
    edge.server.bind(routes.createFile, () => Promise.reject(new Error("not reached")));
    const origin = await edge.listen();
    const path = `${origin}/api/projects/${PROJECT}/files`;
    const slow = (user: string) => {
      const sent = request(path, {
        method: "POST",
        headers: {
          authorization: `Bearer token-of-${user}`,
          "content-type": "application/json",
          "content-length": 4 * MIB,
        },
      });
      sent.on("error", () => undefined);
      sent.write("{");
      return sent;
    };
    const large = async (user: string, bytes: number): Promise<number> => {
      const answer = await fetch(path, {
        method: "POST",
        headers: { authorization: `Bearer token-of-${user}`, "content-type": "application/json" },
        body: "x".repeat(bytes),
      });
      await answer.arrayBuffer();
      return answer.status;
    };
    const [one, two] = [slow("alice"), slow("bob")];
    await vi.waitFor(async () => expect(await large("alice", 2 * MIB)).toBe(429));
    expect(await large("bob", 2 * MIB)).toBe(429);
    // Small ones always have room, also for who holds large ones.
    expect(await large("alice", 1_000)).toBe(400);
    one.destroy();
    await vi.waitFor(async () => expect(await large("alice", 2 * MIB)).toBe(400));
    expect(await large("alice", 60 * MIB)).toBe(413);
    two.destroy();
  });
});
