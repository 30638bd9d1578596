import { expect, it } from "vitest";
import { createSharedRoles } from "./shared-roles.ts";

it("[C16] the connections of one user share the answer about one change, and not the answer about the next", async () => {
  const asked: string[] = [];
  const roleOf = createSharedRoles({
    roleOf: async (userId, projectId) => {
      asked.push(`${projectId}/${userId}`);
      return "viewer";
    },
  });
  const [first, second] = [{}, {}];
  for (const userId of ["u", "u", "v"]) expect(await roleOf({ userId, projectId: "p" }, first)).toBe("viewer");
  await roleOf({ userId: "u", projectId: "p" }, second);
  expect(asked).toEqual(["p/u", "p/v", "p/u"]);
});
