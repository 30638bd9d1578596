/** Sockets close when their sign-in ends, from the start of their authentication. */
import { CLOSE, sockets } from "@atelier/contracts";
import { once } from "node:events";
import { afterEach, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import type { Actor } from "#kernel/actor";
import { silentLog } from "#kernel/log";
import { createInProcessBus } from "../bus/adapters/in-process-bus.ts";
import type { SocketCall } from "./ports.ts";
import { actorNamed, createEdgeFixture, type EdgeFixture } from "./test-edge.ts";

/** Long enough for a busy machine. */
const eventually = <T>(attempt: () => T | Promise<T>): Promise<T> => vi.waitFor(attempt, { timeout: 20_000 });

const PROJECT = "01900000-0000-7000-8000-000000000001";
const alice = { ...actorNamed("alice"), signInId: "the sign-in of alice" };
let edge: EdgeFixture | undefined;
afterEach(() => edge?.[Symbol.asyncDispose]());

/** A server whose authentication ends when the test resolves it. */
const start = async () => {
  const bus = createInProcessBus(silentLog);
  const asked: PromiseWithResolvers<Actor>[] = [];
  const authenticate = (): Promise<Actor> => {
    const answer = Promise.withResolvers<Actor>();
    asked.push(answer);
    return answer.promise;
  };
  edge = createEdgeFixture({ bus, authenticator: { authenticateToken: authenticate, redeemTicket: authenticate } });
  const calls: SocketCall[] = [];
  edge.server.socket(sockets.projectEvents, { maxFrameBytes: 1_000 }, (call) => void calls.push(call));
  const origin = (await edge.listen()).replace("http", "ws");
  const dial = async (how = "token=t") => {
    const socket = new WebSocket(`${origin}/api/projects/${PROJECT}/events?${how}`);
    const { length } = asked;
    await eventually(() => expect(asked.length).toBe(length + 1));
    const closed = once(socket, "close") as Promise<[number]>;
    return { socket, closed, isKnown: (actor: Actor) => asked.at(-1)?.resolve(actor) };
  };
  const end = (signInId: string): void => bus.publish("sign-in-ended", { signInId });
  return { dial, end, calls };
};

it.each(["token=t", "ticket=t"])("a sign-in that ends while its %s is verified opens no socket", async (how) => {
  const { dial, end, calls } = await start();
  const { closed, isKnown } = await dial(how);
  end(alice.signInId);
  isKnown(alice);
  expect((await closed)[0]).toBe(CLOSE.signedOut);
  expect(calls).toHaveLength(0);
});

it("a sign-in that ends closes its sockets, also those whose module is still opening, and no others", async () => {
  const { dial, end, calls } = await start();
  const mine = await dial();
  mine.isKnown(alice);
  const others = await dial();
  others.isKnown({ ...alice, signInId: "another sign-in of alice" });
  await eventually(() => expect(calls).toHaveLength(2));
  end(alice.signInId);
  expect((await mine.closed)[0]).toBe(CLOSE.signedOut);
  expect(others.socket.readyState).toBe(WebSocket.OPEN);
});
