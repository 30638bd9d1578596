import { expect, it } from "vitest";
import { silentLog } from "#kernel/log";
import { createInProcessBus } from "../../platform/bus/adapters/in-process-bus.ts";
import { createStreamWatch } from "./stream-watch.ts";

it("[X19] changed rights and ended sign-ins reach the streams that they concern, and no other", () => {
  const bus = createInProcessBus(silentLog);
  let subscriptions = 0;
  const watch = createStreamWatch({
    subscribe: (topic, listener) => {
      subscriptions += 1;
      return bus.subscribe(topic, listener);
    },
  });
  const told: string[] = [];
  const add = (name: string, facts: { userId: string; signInId: string }) =>
    watch.add({
      ...facts,
      rightsChanged: (projectId) => void told.push(`${name} ${projectId}`),
      signedOut: () => void told.push(`${name} signed out`),
    });
  for (let n = 0; n < 500; n += 1) add(`other-${n}`, { userId: `user-${n}`, signInId: `${n}` }).belongsTo("other");
  const ada = add("ada", { userId: "ada", signInId: "ada's" });
  const bo = add("bo", { userId: "bo", signInId: "bo's" });
  bo.belongsTo("mine");
  const heard = (publish: () => void): string[] => {
    told.length = 0;
    publish();
    return [...told];
  };
  expect(subscriptions).toBe(2);
  expect(heard(() => bus.publish("rights-changed", { projectId: "mine", userId: "bo" }))).toEqual(["bo mine"]);
  // A stream that is still opening may belong to any project.
  expect(heard(() => bus.publish("rights-changed", { projectId: "mine" }))).toEqual(["ada mine", "bo mine"]);
  ada.belongsTo(null);
  expect(heard(() => bus.publish("rights-changed", { projectId: "mine" }))).toEqual(["bo mine"]);
  expect(heard(() => bus.publish("sign-in-ended", { signInId: "ada's" }))).toEqual(["ada signed out"]);
  bo.stop();
  ada.stop();
  expect(heard(() => bus.publish("rights-changed", { projectId: "mine", userId: "bo" }))).toEqual([]);
  expect(heard(() => bus.publish("sign-in-ended", { signInId: "bo's" }))).toEqual([]);
  watch.stop();
  expect(heard(() => bus.publish("rights-changed", { projectId: "other" }))).toEqual([]);
});
