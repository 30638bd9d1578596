/** The weights of runs by owner and used CPU time. */
import { expect, test } from "vitest";
import { createCpuWeights, shortRunMs, shortRunWeight } from "./cpu-weights.ts";

/** A set of runs, with the weight that was set last for each. */
const open = () => {
  const weights = createCpuWeights();
  const seen: Record<string, number> = {};
  const enter = (name: string, owner?: string) => weights.enter(owner, (weight) => void (seen[name] = weight));
  return { enter, seen };
};

test("[I54] a run has the higher weight until it has used a quarter of a second of CPU, not counting the boot of its sandbox", () => {
  const { enter, seen } = open();
  const run = enter("run");
  run.spent(5000);
  run.spent(5000 + shortRunMs - 1);
  expect(seen).toEqual({ run: shortRunWeight });
  run.spent(5000 + shortRunMs);
  expect(seen).toEqual({ run: 1 });
});

test("all runs of an owner weigh as much as another owner's only one, long or short", () => {
  const { enter, seen } = open();
  const [one, two] = [enter("one", "a"), enter("two", "a")];
  enter("other", "b");
  enter("nobody's");
  enter("nobody's either");
  expect(seen).toEqual({
    one: shortRunWeight / 2,
    two: shortRunWeight / 2,
    other: shortRunWeight,
    "nobody's": shortRunWeight,
    "nobody's either": shortRunWeight,
  });
  one.spent(0);
  one.spent(shortRunMs);
  expect([seen["one"], seen["two"]]).toEqual([1 / 2, shortRunWeight / 2]);
  two.leave();
  two.leave();
  expect([seen["one"], seen["other"]]).toEqual([1, shortRunWeight]);
});

test("a run that has left no longer changes weights", () => {
  const { enter, seen } = open();
  const run = enter("run", "a");
  run.spent(0);
  run.leave();
  seen["run"] = 7;
  run.spent(shortRunMs);
  enter("next", "a");
  expect(seen).toEqual({ run: 7, next: shortRunWeight });
});
