/** The contract suite of Homes; each adapter's test calls it. */
import { describe, expect, test } from "vitest";
import type { HomeTaken } from "./home-taken.ts";
import type { Homes } from "./ports.ts";

export type HomesFixture = {
  readonly homes: Homes;
  /** A new instance on the same state, as after the process was killed and its row has expired. */
  readonly restart: () => Promise<Homes>;
  /** Advances the node's clock, and the clock that decides on expiry. */
  readonly pass: (ms: number) => Promise<void>;
};

/** Why a claim was refused. */
export const refusal = (claim: Promise<unknown>): Promise<HomeTaken["where"] | string> =>
  claim.then(
    () => "claimed",
    (error: Error) => (error.name === "HomeTaken" ? (error as HomeTaken).where : error.name),
  );

export const describeHomes = (name: string, open: () => Promise<HomesFixture>): void => {
  describe(`Homes: ${name}`, () => {
    test("[H1] one caller at a time has a home, in the order of the calls, with growing fences", async () => {
      const { homes } = await open();
      const order: number[] = [];
      const fences: bigint[] = [];
      let holders = 0;
      await Promise.all(
        [0, 1, 2, 3].map(async (index) => {
          const home = await homes.claim("a", { waitMs: 60_000 });
          expect(++holders).toBe(1);
          order.push(index);
          fences.push(home.fence);
          await new Promise((resolve) => setImmediate(resolve));
          holders--;
          await home.release();
        }),
      );
      expect(order).toEqual([0, 1, 2, 3]);
      expect(fences.every((fence, index) => index === 0 || fence > (fences[index - 1] ?? fence))).toBe(true);
    });

    test("[H2] names do not wait for each other; releasing twice does nothing", async () => {
      const { homes } = await open();
      const a = await homes.claim("a");
      const b = await homes.claim("b");
      await a.release();
      await a.release();
      expect(a.lost.aborted).toBe(true);
      expect(b.lost.aborted).toBe(false);
      const again = await homes.claim("a");
      await a.release();
      expect(again.lost.aborted).toBe(false);
      expect(await homes.find("a")).toEqual({ at: "here" });
      await again.release();
      await b.release();
    });

    test("[H3] a caller that waited too long is refused and leaves the queue", async () => {
      const { homes, pass } = await open();
      const claimed = await homes.claim("a");
      expect(await refusal(homes.claim("a"))).toEqual({ at: "here" });
      const late = refusal(homes.claim("a", { waitMs: 100 }));
      const patient = homes.claim("a", { waitMs: 60_000 });
      await pass(200);
      expect(await late).toEqual({ at: "here" });
      await claimed.release();
      expect((await patient).fence > claimed.fence).toBe(true);
      await (await patient).release();
    });

    test("[H4] fences go on growing after a restart", async () => {
      const { homes, restart } = await open();
      const before = await homes.claim("a");
      const after = await (await restart()).claim("a");
      expect(after.fence > before.fence).toBe(true);
      await after.release();
    });

    test("[H6] find returns `here` while a home is claimed, then `nobody`", async () => {
      const { homes } = await open();
      expect(await homes.find("a")).toEqual({ at: "nobody" });
      const home = await homes.claim("a");
      expect(await homes.find("a")).toEqual({ at: "here" });
      await home.release();
      expect(await homes.find("a")).toEqual({ at: "nobody" });
    });
  });
};

export type SharedHomesFixture = {
  readonly first: Homes;
  readonly second: Homes;
  /** The address with which the second node is found. */
  readonly secondAddress: string;
  /** Disconnects the first node from the shared state, or connects it again. */
  readonly cut: (isCut: boolean) => void;
  /** Advances all clocks, and waits for the nodes' timers that are due. */
  readonly pass: (ms: number) => Promise<void>;
  /** Ends the second node in order. */
  readonly stopSecond: () => Promise<void>;
};

/** The contract suite of Homes that several nodes share. */
export const describeSharedHomes = (name: string, open: () => Promise<SharedHomesFixture>): void => {
  describe(`Homes of two nodes: ${name}`, () => {
    test("[H7] a home of another node is refused and found there; after its release it can be claimed at once", async () => {
      const { first, second, secondAddress } = await open();
      const home = await second.claim("a");
      const where = await first.find("a");
      expect(where).toMatchObject({ at: "node", node: { address: secondAddress } });
      expect(await refusal(first.claim("a", { waitMs: 60_000 }))).toEqual(where);
      await home.release();
      expect(await first.find("a")).toEqual({ at: "nobody" });
      const taken = await first.claim("a");
      expect(taken.fence > home.fence).toBe(true);
      expect(await second.find("a")).toMatchObject({ at: "node" });
    });

    test("[H8] a claim is renewed for as long as its node lives", async () => {
      const { first, second, pass } = await open();
      const home = await first.claim("a");
      await pass(600_000);
      expect(home.lost.aborted).toBe(false);
      expect(await first.find("a")).toEqual({ at: "here" });
      expect(await refusal(second.claim("a"))).toMatchObject({ at: "node" });
    });

    test("[H9] a disconnected node loses its homes before another node can claim them", async () => {
      const { first, second, cut, pass } = await open();
      const home = await first.claim("a");
      cut(true);
      let refusals = 0;
      let waitedMs = 0;
      const lostAtClaim: boolean[] = [];
      const claimed = async () => {
        const answer = await second.claim("a").catch(() => undefined);
        if (answer !== undefined) lostAtClaim.push(home.lost.aborted);
        return answer;
      };
      let next = await claimed();
      for (; next === undefined && waitedMs < 60_000; waitedMs += 500) {
        refusals += 1;
        await pass(500);
        next = await claimed();
      }
      expect(refusals).toBeGreaterThan(10);
      expect(lostAtClaim).toEqual([true]);
      expect(next !== undefined && next.fence > home.fence).toBe(true);
      expect(await refusal(first.claim("b"))).toBe("Problem");
    });

    test("[H10] a node that is connected again has none of its old homes, and does not disturb the new ones", async () => {
      const { first, second, cut, pass } = await open();
      const old = await first.claim("a");
      cut(true);
      await pass(60_000);
      const taken = await second.claim("a");
      cut(false);
      await pass(10_000);
      await old.release();
      expect(taken.lost.aborted).toBe(false);
      expect(await refusal(first.claim("a"))).toMatchObject({ at: "node" });
      await taken.release();
      expect((await first.claim("a")).fence > taken.fence).toBe(true);
    });

    test("[H15] `nodes` lists the other living nodes, without the node itself", async () => {
      const { first, second, secondAddress, stopSecond } = await open();
      const seen = await first.nodes();
      expect(seen.map(({ address }) => address)).toContain(secondAddress);
      expect((await second.nodes()).map(({ address }) => address)).not.toContain(secondAddress);
      await stopSecond();
      expect((await first.nodes()).map(({ address }) => address)).not.toContain(secondAddress);
    });

    test("[H11] a node that stops gives up all of its homes at once", async () => {
      const { first, second, stopSecond } = await open();
      const home = await second.claim("a");
      await second.claim("b");
      await stopSecond();
      expect(home.lost.aborted).toBe(true);
      expect((await first.claim("a")).fence > home.fence).toBe(true);
      await first.claim("b");
    });

    test("[H12] a release that failed is repeated", async () => {
      const { first, second, cut, pass } = await open();
      const [home, kept] = [await first.claim("a"), await first.claim("b")];
      cut(true);
      await home.release();
      cut(false);
      expect(await refusal(second.claim("a"))).toMatchObject({ at: "node" });
      await pass(10_000);
      await (await second.claim("a")).release();
      expect(kept.lost.aborted).toBe(false);
    });

    test("[H14] of two concurrent claims of two nodes one gets the home", async () => {
      const { first, second } = await open();
      const names = Array.from({ length: 30 }, (_, index) => `race ${index}`);
      const claims = await Promise.all(
        names.flatMap((home) => [first, second].map((node) => node.claim(home).catch(() => undefined))),
      );
      const won = claims.filter((home) => home !== undefined);
      expect(won.map((home) => home.name).toSorted()).toEqual(names.toSorted());
      expect(new Set(won.map(({ fence }) => fence)).size).toBe(names.length);
    });
  });
};
