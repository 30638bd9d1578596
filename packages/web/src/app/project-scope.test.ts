import { describe, expect, it, vi } from "vitest";
import { createProjectScopes } from "./project-scope.ts";

const stage = () => {
  const onFault = vi.fn<(error: unknown) => void>();
  return { onFault, scopes: createProjectScopes(onFault), released: [] as string[] };
};

describe("the scope of an open project", () => {
  it("releases in reverse what it has acquired, once", () => {
    const { scopes, released } = stage();
    const scope = scopes.enter();
    for (const name of ["a", "b", "c"]) scope.add(() => released.push(name));
    expect([scope.isLeft, released]).toEqual([false, []]);
    scopes.leave();
    scopes.leave();
    expect([scope.isLeft, released]).toEqual([true, ["c", "b", "a"]]);
  });

  it("ends when another begins", () => {
    const { scopes, released } = stage();
    const first = scopes.enter();
    first.add(() => released.push("first"));
    const second = scopes.enter();
    expect([released, first.isLeft, second.isLeft]).toEqual([["first"], true, false]);
  });

  it("releases at once what is added after it ended", () => {
    const { scopes, released } = stage();
    const scope = scopes.enter();
    scopes.leave();
    scope.add(() => released.push("late"));
    expect(released).toEqual(["late"]);
  });

  it("releases the others when one fails", () => {
    const { scopes, released, onFault } = stage();
    const scope = scopes.enter();
    scope.add(() => released.push("a"));
    scope.add(() => {
      throw new Error("no");
    });
    scopes.leave();
    expect([released, onFault.mock.calls.length]).toEqual([["a"], 1]);
  });
});
