import type { Plan } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { type Admission, createAdmission, type Slot } from "./admission.ts";
import { PLAN_LIMITS } from "./plan-limits.ts";
import { Problem } from "#kernel/problem";

type Run = { readonly user: string; readonly slot: Slot; position: number };

/** A queue whose runs begin and end as a test says, over a clock that stands still. */
const createQueue = (concurrency: number, capacity = 10_000) => {
  const admission: Admission = createAdmission({ concurrency, capacity }, () => 0);
  const running: Run[] = [];
  const started: string[] = [];
  const waiting = new Set<Run>();
  const submit = (user: string, plan: Plan = "free"): Run => {
    const slot = admission.reserve({ userId: user, plan });
    const run: Run = { user, slot, position: 0 };
    waiting.add(run);
    slot.enter({
      begin() {
        waiting.delete(run);
        running.push(run);
        started.push(user);
      },
      moved: (position) => void (run.position = position),
    });
    return run;
  };
  const end = (run: Run | undefined): void => {
    if (run === undefined) return;
    running.splice(running.indexOf(run), 1);
    run.slot.leave();
  };
  return { admission, running, waiting, started, submit, end };
};

const createRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

describe("fairness of the queue", () => {
  it("[X71] 200 queued runs of one user delay the first of another by one run at most", () => {
    const queue = createQueue(2);
    for (let i = 0; i < 200; i += 1) queue.submit("flood", "enterprise");
    const other = queue.submit("other");
    expect(other.position).toBe(1);
    queue.end(queue.running[0]);
    expect(queue.started.at(-1)).toBe("other");
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "[X71] before a newcomer's first, nobody begins more than one run, whatever they queue and however long they run (seed %d)",
    (seed) => {
      const random = createRandom(seed);
      const queue = createQueue(1 + Math.floor(random() * 6));
      const plans: readonly Plan[] = ["free", "premium", "enterprise"];
      const endOne = (): void => queue.end(queue.running[Math.floor(random() ** 3 * queue.running.length)]);
      let compared = 0;
      for (let step = 0; step < 600; step += 1) {
        const flood = Math.floor(random() * 5);
        const plan = plans[flood % 3] ?? "free";
        const queued = [...queue.waiting].filter(({ user }) => user === `flood ${flood}`).length;
        if (queued < PLAN_LIMITS[plan].waiting && random() < 0.9) queue.submit(`flood ${flood}`, plan);
        if (random() < 0.25) endOne();
        if (step % 20 !== 19 || queue.waiting.size < 20) continue;
        queue.started.length = 0;
        queue.submit(`newcomer ${step}`);
        while (!queue.started.includes(`newcomer ${step}`)) endOne();
        expect(new Set(queue.started).size, `seed ${seed}, step ${step}`).toBe(queue.started.length);
        compared += 1;
      }
      expect(compared).toBeGreaterThan(10);
    },
  );

  it("[X71] users take turns by the weight of their plans", () => {
    const queue = createQueue(1);
    for (let i = 0; i < 60; i += 1) {
      queue.submit("free");
      queue.submit("premium", "premium");
      queue.submit("enterprise", "enterprise");
    }
    queue.started.length = 0;
    for (let i = 0; i < 35; i += 1) queue.end(queue.running[0]);
    const count = (user: string): number => queue.started.filter((each) => each === user).length;
    expect([count("free"), count("premium"), count("enterprise")]).toEqual([5, 10, 20]);
  });

  it("[X71] who ran nothing for a long time has no turns saved up", () => {
    const queue = createQueue(1);
    queue.submit("early");
    queue.end(queue.running[0]);
    for (let i = 0; i < 50; i += 1) queue.submit("steady");
    for (let i = 0; i < 20; i += 1) queue.end(queue.running[0]);
    for (let i = 0; i < 20; i += 1) queue.submit("early");
    queue.started.length = 0;
    for (let i = 0; i < 10; i += 1) queue.end(queue.running[0]);
    expect(queue.started.filter((user) => user === "early").length).toBe(5);
  });

  it("[X71] who has fewest running gets the next slot, so that long runs do not push out short ones", () => {
    const queue = createQueue(4);
    for (let i = 0; i < 10; i += 1) queue.submit("long", "enterprise");
    for (let i = 0; i < 10; i += 1) queue.submit("short", "enterprise");
    queue.end(queue.running[0]);
    for (let i = 0; i < 9; i += 1) queue.end(queue.running.find(({ user }) => user === "short"));
    expect(queue.started.slice(4)).toEqual(Array(10).fill("short"));
  });
});

describe("positions in the queue", () => {
  it.each([11, 12, 13, 14, 15])("[X72] runs begin in the order of their positions (seed %d)", (seed) => {
    const random = createRandom(seed);
    const queue = createQueue(1);
    for (let i = 0; i < 60; i += 1) {
      const user = Math.floor(random() * 5);
      queue.submit(`user ${user}`, user > 2 ? "premium" : "free");
    }
    expect([...queue.waiting].map(({ position }) => position).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 59 }, (_, index) => index + 1),
    );
    while (queue.waiting.size > 0) {
      const first = [...queue.waiting].find(({ position }) => position === 1);
      const later = [...queue.waiting].filter((run) => run !== first);
      const before = later.map(({ position }) => position);
      queue.end(queue.running[0]);
      expect(queue.running[0]).toBe(first);
      expect(later.map(({ position }) => position)).toEqual(before.map((position) => position - 1));
    }
  });
});

describe("admission by plan", () => {
  it("[X73] a queue that is full for free users still admits those who pay", () => {
    const queue = createQueue(1, 8);
    const codeOf = (plan: Plan, user: string): string | undefined => {
      try {
        queue.submit(user, plan);
        return undefined;
      } catch (error) {
        return error instanceof Problem ? error.code : String(error);
      }
    };
    const admitted = (plan: Plan): number => {
      let count = 0;
      while (codeOf(plan, `${plan} ${count}`) === undefined) count += 1;
      return count;
    };
    expect([admitted("free"), admitted("premium"), admitted("enterprise")]).toEqual([9, 2, 2]);
    expect(codeOf("enterprise", "one more")).toBe("execution/queue-full");
    expect(queue.admission.waiting).toBe(12);
  });
});

describe("a run that waits for input", () => {
  it("[X36] counts for its user again when it wakes, although nobody else of the user's was there meanwhile", () => {
    const queue = createQueue(1);
    const resting = queue.submit("ada");
    resting.slot.rest();
    queue.end(queue.submit("bob"));
    resting.slot.wake();
    expect(queue.admission.running).toBe(1);
    const own = queue.submit("ada");
    const other = queue.submit("eve");
    expect([own.position, other.position]).toEqual([1, 2]);
    queue.end(resting);
    expect(queue.started.slice(2)).toEqual(["ada"]);
    queue.end(own);
    queue.end(other);
    expect([queue.admission.running, queue.admission.waiting]).toEqual([0, 0]);
  });
});
