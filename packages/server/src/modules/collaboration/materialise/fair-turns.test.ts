import { describe, expect, it } from "vitest";
import { createFairTurns, type WorkOf } from "./fair-turns.ts";

/** `<account>/<project>/<document>` */
const workOf = (path: string): WorkOf => {
  const [ownerId = "", projectId = "", fileId = ""] = path.split("/");
  return { ownerId, projectId, fileId };
};
const pathOf = ({ of }: { of: WorkOf }): string => `${of.ownerId}/${of.projectId}/${of.fileId}`;
const turnsOf = (...paths: string[]) => {
  const turns = createFairTurns<{ of: WorkOf }>();
  for (const path of paths) turns.add({ of: workOf(path) });
  return turns;
};
/** Takes all pieces; each one costs `costMs`. */
const served = (turns: ReturnType<typeof turnsOf>, costMs: (path: string) => number = () => 1): string[] => {
  const paths: string[] = [];
  for (let piece = turns.take(); piece !== undefined; piece = turns.take()) {
    paths.push(pathOf(piece));
    turns.charge(piece.of, costMs(pathOf(piece)));
  }
  return paths;
};
const initials = (paths: readonly string[]): string => paths.map((path) => path[0]).join("");

describe("[C46] turns", () => {
  it("go from account to account, in an account from project to project, and in a project from document to document", () => {
    const turns = turnsOf("a/p/1", "a/p/1", "a/p/2", "a/q/3", "b/r/1", "b/r/1");
    expect(served(turns)).toEqual(["a/p/1", "b/r/1", "a/q/3", "b/r/1", "a/p/2", "a/p/1"]);
    expect(turns.isEmpty).toBe(true);
  });

  it("are shared equally by an account with a hundred projects and one with a single project", () => {
    const many = Array.from({ length: 100 }, (_none, n) => `a/p${n}/x`);
    const order = initials(served(turnsOf(...many, ...Array.from({ length: 5 }, () => "b/q/x"))));
    expect(order.slice(0, 10)).toBe("ababababab");
  });

  it("are fewer for an account, and in it for a project, whose work takes longer", () => {
    const others = Array.from({ length: 6 }, (_none, n) => `b/q/${n}`);
    expect(
      initials(served(turnsOf("a/p/1", "a/p/2", "a/p/3", ...others), (path) => (path.startsWith("a/") ? 3 : 1))),
    ).toBe("abbbabbba");
    const own = served(
      turnsOf("x/a/1", "x/a/2", "x/a/3", ...others.map((path) => path.replace("b/q", "x/b"))),
      (path) => (path.startsWith("x/a") ? 3 : 1),
    );
    expect(own.map((path) => path[2]).join("")).toBe("abbbabbba");
  });

  it("do not accumulate while an account has no work, and its next work is served soon", () => {
    const turns = turnsOf("a/p/1", "a/p/2", "a/p/3");
    served(turns, () => 100);
    for (const path of ["a/p/1", "b/q/1", "b/q/2", "b/q/3", "a/p/2"]) turns.add({ of: workOf(path) });
    const order = served(turns, () => 100);
    expect(order.slice(0, 3)).toContain("a/p/1");
    expect(order.slice(0, 2)).toContain("b/q/1");
  });

  it("drop the accounts and projects that have used no more than the others", () => {
    const turns = turnsOf(...Array.from({ length: 5_000 }, (_none, n) => `o${n}/p/x`));
    for (let n = 0; n < 5_000; n += 1) turns.add({ of: workOf(`one/p${n}/x`) });
    expect(new Set(served(turns)).size).toBe(10_000);
    for (const path of ["new/p/1", "o0/p/x"]) turns.add({ of: workOf(path) });
    expect(served(turns)).toHaveLength(2);
  });

  it("can be taken from one document at once", () => {
    const turns = turnsOf("o/a/1", "o/a/2", "o/a/1", "");
    expect(turns.takeAll(workOf("o/a/1"))).toHaveLength(2);
    expect(turns.takeAll(workOf("o/a/9"))).toEqual([]);
    expect(served(turns).toSorted()).toEqual(["//", "o/a/2"]);
  });
});
