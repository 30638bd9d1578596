import type { Role } from "@atelier/contracts";
import { expect, it } from "vitest";
import { silentLog } from "#kernel/log";
import { createPending } from "#kernel/pending";
import { createInProcessBus } from "../../platform/bus/adapters/in-process-bus.ts";
import { ConnectionIndex } from "./connection-index.ts";
import type { Connection } from "./connection.ts";
import { watchRights } from "./rights-watch.ts";

/** Connections that count how often one of their properties is read. */
const createCrowd = () => {
  const touched = new Set<string>();
  const closed: string[] = [];
  const index = new ConnectionIndex();
  const add = (name: string, facts: { projectId: string; userId: string; signInId: string }): Connection => {
    const look = <T>(value: T): T => {
      touched.add(name);
      return value;
    };
    const connection = {
      get document() {
        return look({ owner: { ref: { projectId: facts.projectId, fileId: "f" } } });
      },
      get userId() {
        return look(facts.userId);
      },
      get actor() {
        return look({ signInId: facts.signInId });
      },
      hold: () => look(undefined),
      resume: (role: Role | undefined) => look(role),
      close: () => void closed.push(name),
      // Only what the watch and the index use.
    } as unknown as Connection;
    index.add(connection);
    return connection;
  };
  return { index, add, touched, closed };
};

it("[C53] a change of rights or of a sign-in visits the connections that it concerns, and no other", async () => {
  const { index, add, touched, closed } = createCrowd();
  for (let n = 0; n < 500; n += 1)
    add(`other-${n}`, { projectId: "other", userId: `user-${n}`, signInId: `sign-in-${n}` });
  add("neighbour", { projectId: "mine", userId: "bob", signInId: "bob's" });
  const own = add("own", { projectId: "mine", userId: "alice", signInId: "alice's" });
  const bus = createInProcessBus(silentLog);
  const watch = watchRights({
    bus,
    connections: index,
    projects: { roleOf: async () => "viewer" },
    registry: { document: () => undefined, documents: () => [], evict: () => undefined },
    log: silentLog,
    pending: createPending(),
  });
  touched.clear();
  bus.publish("rights-changed", { projectId: "mine", userId: "alice" });
  await Promise.resolve();
  expect([...touched]).toEqual(["own"]);
  touched.clear();
  bus.publish("rights-changed", { projectId: "mine" });
  expect([...touched]).toEqual(["neighbour", "own"]);
  touched.clear();
  bus.publish("sign-in-ended", { signInId: "alice's" });
  expect(closed).toEqual(["own"]);
  expect([...touched].filter((name) => name !== "own")).toEqual([]);
  index.delete(own);
  bus.publish("sign-in-ended", { signInId: "alice's" });
  expect(closed).toEqual(["own"]);
  expect(index.size).toBe(501);
  watch.stop();
});
