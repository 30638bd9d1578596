/** Users with subordinate ids, and the ids that are assigned to a user without any. */
import { expect, test } from "vitest";
import { grantArguments, hasSubordinateIds } from "./subordinate-ids.mjs";

const ann = { username: "ann", uid: 1001 };
const both = (text: string) => ({ subuid: text, subgid: text });

test("ids count by name or by number, in both files, and only if there are enough", () => {
  expect(hasSubordinateIds(ann, both("bob:100000:65536\nann:165536:65536\n"))).toBe(true);
  expect(hasSubordinateIds(ann, both("1001:165536:65536"))).toBe(true);
  expect(hasSubordinateIds(ann, both(""))).toBe(false);
  expect(hasSubordinateIds(ann, both("joann:100000:65536\nann2:165536:65536"))).toBe(false);
  expect(hasSubordinateIds(ann, both("ann:165536:1000"))).toBe(false);
  expect(hasSubordinateIds(ann, { subuid: "ann:165536:65536", subgid: "" })).toBe(false);
});

test("assigns ids that no user has", () => {
  expect(grantArguments("ann", both(""))).toEqual(
    "--add-subuids 100000-165535 --add-subgids 100000-165535 ann".split(" "),
  );
  const files = { subuid: "bob:100000:65536\neve:300000:10\n", subgid: "bob:100000:65536\neve:400000:65536\n" };
  expect(grantArguments("ann", files).slice(0, 2)).toEqual(["--add-subuids", "465536-531071"]);
});
