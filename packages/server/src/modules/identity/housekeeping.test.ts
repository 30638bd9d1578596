import { afterAll, beforeAll, expect, test } from "vitest";
import { createIdentityHousekeeping } from "./housekeeping.ts";
import { startTestIdentity, type TestIdentity } from "./test-identity.ts";

const DAY_MS = 24 * 3600 * 1000;

let fixture: TestIdentity;
beforeAll(async () => {
  fixture = await startTestIdentity();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const run = async (name: string, nowMs: number): Promise<number> => {
  const task = createIdentityHousekeeping(fixture.database.sql).find((found) => found.name === name);
  return (await task?.step(nowMs))?.removed ?? -1;
};

test("[14] sign-ins are deleted a day after their end, tickets after their 30 s; valid ones are kept", async () => {
  const { clock } = fixture;
  const [ended, expired, living] = [fixture.client(), fixture.client(), fixture.client()];
  for (const client of [ended, expired, living]) await client.signIn("/auth/guest");
  await ended.call("POST", "/tickets");
  expect(await run("identity.tickets", clock.now() + 29_000)).toBe(0);
  expect(await run("identity.tickets", clock.now() + 31_000)).toBe(1);

  const oldCookie = ended.cookie;
  await ended.call("POST", "/auth/logout");
  ended.cookie = oldCookie;
  expect(await run("identity.sign-ins", clock.now() + DAY_MS / 2)).toBe(0);
  expect(await run("identity.sign-ins", clock.now() + 2 * DAY_MS)).toBe(1);
  // A deleted sign-in gets the same response as an ended one.
  expect((await ended.call("POST", "/auth/refresh")).status).toBe(401);

  clock.advance(60 * DAY_MS);
  await living.signIn("/auth/refresh");
  clock.advance(32 * DAY_MS);
  expect(await run("identity.sign-ins", clock.now())).toBe(1);
  expect((await expired.call("POST", "/auth/refresh")).status).toBe(401);
  expect((await living.call("POST", "/auth/refresh")).status).toBe(200);
});
