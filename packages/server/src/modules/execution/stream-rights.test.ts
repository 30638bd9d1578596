import { sockets } from "@atelier/contracts";
import type { Actor } from "#kernel/actor";
import { createAccessWatch, type Frame } from "#platform/channels";
import { expect, it } from "vitest";
import { actorNamed, createScene, helloRequest, PROJECT, settle, type Scene } from "./execution-fixture.ts";
import { createMemoryChannels, creditAtOnce } from "../../platform/channels/adapters/memory-channel.ts";
import { testSocketCall } from "../../platform/http/test-socket-call.ts";
import { openStream } from "./stream.ts";

const [ada, bob] = [actorNamed("ada"), actorNamed("bob")];
const interactive = { interactive: true };

const open = (scene: Scene, id: string, actor: Actor, service: Pick<Scene["service"], "follow"> = scene.service) => {
  const [channel, far] = createMemoryChannels();
  const rows: object[] = [];
  const reads: string[] = [];
  const sent: Frame[] = [];
  const wire: { closed: number | undefined } = { closed: undefined };
  creditAtOnce(far, (frame) => void sent.push(frame));
  void far.closed.then(({ code }) => (wire.closed = code));
  const call = testSocketCall({
    channel,
    params: { id },
    path: sockets.executionStream,
    actor,
    reads: (projectId) => void reads.push(projectId),
    audit: (row) => void rows.push(row),
  });
  const watch = createAccessWatch({ bus: scene.bus, log: scene.log });
  const opened = openStream(call, { service, watch, relay: () => false, clock: scene.clock, log: scene.log });
  return { wire, far, sent, opened, rows, reads };
};

/** A run that takes input: only then does nothing typed mean that nobody was heard. */
const runFor = async (scene: Scene, request: Parameters<Scene["service"]["submit"]>[1]) => {
  const live = await scene.service.submit(ada, request, interactive);
  await settle();
  scene.provider.runs[0]?.stage("run");
  await settle();
  return live;
};

it("[X1] an execution's id in capitals is the same id", async () => {
  const scene = await createScene();
  const live = await runFor(scene, helloRequest);
  const { wire, far, sent, opened } = open(scene, live.facts.id.toUpperCase(), ada);
  await opened;
  expect(wire.closed).toBeUndefined();
  expect(sent.length).toBeGreaterThan(0);
  far.close(1000, "");
});

it("[P40] an opened stream reports the project that is read, live or stored; a refused one and one without a project report nothing", async () => {
  const scene = await createScene();
  scene.roles.set(ada.userId, "editor").set(bob.userId, "viewer");
  const live = await runFor(scene, { projectId: PROJECT, language: "python", entryPoint: "main.py" });
  const readsOf = async (id: string, actor: Actor): Promise<string[]> => {
    const { opened, far, reads } = open(scene, id, actor);
    await opened;
    far.close(1000, "");
    return reads;
  };
  expect(await readsOf(live.facts.id, bob)).toEqual([PROJECT]);
  expect(await readsOf(live.facts.id, actorNamed("eve"))).toEqual([]);
  live.cancel();
  await live.ended;
  expect(await readsOf(live.facts.id, bob)).toEqual([PROJECT]);
  const own = await scene.service.submit(ada, helloRequest, interactive);
  expect(await readsOf(own.facts.id, ada)).toEqual([]);
  own.cancel();
});

it("[X19] what happens while a stream opens counts: the end of the sign-in closes it, changed rights are asked for again", async () => {
  const scene = await createScene();
  scene.roles.set(ada.userId, "editor").set(bob.userId, "editor");
  const live = await runFor(scene, { projectId: PROJECT, language: "python", entryPoint: "main.py" });
  const opening = () => {
    const waiting = Promise.withResolvers<undefined>();
    let asked = 0;
    const service = {
      follow: async (actor: Pick<Actor, "userId">, id: string) => {
        const followed = await scene.service.follow(actor, id);
        if (asked++ === 0) await waiting.promise;
        return followed;
      },
    };
    return { ...open(scene, live.facts.id, bob, service), waiting };
  };
  const signedOut = opening();
  await settle();
  scene.bus.publish("sign-in-ended", { signInId: bob.signInId });
  signedOut.waiting.resolve(undefined);
  await signedOut.opened;
  expect(signedOut.wire.closed).toBe(4401);
  signedOut.far.send(Buffer.from("typed"));
  await settle();
  expect(scene.provider.runs[0]?.stdin).toEqual([]);

  const demoted = opening();
  await settle();
  scene.roles.set(bob.userId, "viewer");
  scene.bus.publish("rights-changed", { projectId: PROJECT, userId: bob.userId });
  demoted.waiting.resolve(undefined);
  await demoted.opened;
  await settle();
  demoted.far.send(Buffer.from("typed"));
  await settle();
  expect(demoted.wire.closed).toBe(4403);
  expect(scene.provider.runs[0]?.stdin).toEqual([]);
});

it("[X19] after a sign-out while the stream is open no input is accepted, even if the client does not answer the close", async () => {
  const scene = await createScene();
  const live = await runFor(scene, helloRequest);
  const { wire, far, opened } = open(scene, live.facts.id, ada);
  await opened;
  far.send(Buffer.from("before"));
  await settle();
  scene.bus.publish("sign-in-ended", { signInId: ada.signInId });
  await settle();
  expect(wire.closed).toBe(4401);
  far.send(Buffer.from("typed"));
  await settle();
  expect(Buffer.concat(scene.provider.runs[0]?.stdin ?? []).toString()).toBe("before");
});

it("[X19] of several changes of rights in a row only the newest answer counts", async () => {
  const scene = await createScene();
  scene.roles.set(ada.userId, "editor").set(bob.userId, "editor");
  const live = await runFor(scene, { projectId: PROJECT, language: "python", entryPoint: "main.py" });
  const answers: PromiseWithResolvers<{ mayControl: boolean }>[] = [];
  let isHeld = false;
  const { wire, far, opened } = open(scene, live.facts.id, bob, {
    follow: async (actor, id) => {
      const followed = await scene.service.follow(actor, id);
      if (!isHeld) return followed;
      const answer = Promise.withResolvers<{ mayControl: boolean }>();
      answers.push(answer);
      return { ...followed, ...(await answer.promise) };
    },
  });
  await opened;
  isHeld = true;
  const change = (): void => scene.bus.publish("rights-changed", { projectId: PROJECT, userId: bob.userId });
  change();
  change();
  await settle();
  answers[1]?.resolve({ mayControl: false });
  await settle();
  answers[0]?.resolve({ mayControl: true });
  await settle();
  far.send(Buffer.from("typed"));
  await settle();
  expect(wire.closed).toBe(4403);
  expect(scene.provider.runs[0]?.stdin).toEqual([]);
});

it("[X39] the audit log gets a row for a listener's first input, its end, and each kind of signal, not for each key", async () => {
  const scene = await createScene();
  scene.roles.set(ada.userId, "editor");
  const live = await runFor(scene, { projectId: PROJECT, language: "python", entryPoint: "main.py" });
  const { far, opened, rows } = open(scene, live.facts.id, ada);
  await opened;
  const say = (message: object): void => far.send(JSON.stringify(message));
  for (const key of "abc") far.send(Buffer.from(key));
  say({ type: "resize", columns: 80, rows: 24 });
  for (const signal of ["SIGINT", "SIGINT", "SIGTERM"]) say({ type: "signal", signal });
  say({ type: "stdin-end" });
  const { id, projectId } = live.facts;
  expect(rows).toEqual([
    { action: "execution.input", target: id, projectId },
    { action: "execution.signal", target: `${id} SIGINT`, projectId },
    { action: "execution.signal", target: `${id} SIGTERM`, projectId },
  ]);
});
