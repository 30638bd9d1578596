/** [C61] Messages that arrive before a document is open are kept in order, and count in their sender's budget. */
import { CLOSE } from "@atelier/contracts";
import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { createSocketBudget } from "#platform/http";
import { keepEarlyMessages } from "./early-messages.ts";

const budget = () => createSocketBudget({ totalBytes: 20_000, senderBytes: 10_000, freeBytes: 0 });
const open = (memory = budget()) => {
  const closed: number[] = [];
  const socket = Object.assign(new EventEmitter(), {
    OPEN: 1,
    readyState: 1,
    close: (code: number) => void closed.push(code),
  });
  const early = keepEarlyMessages({
    socket: socket as unknown as WebSocket,
    reserve: (bytes) => memory.reserve("user a", bytes),
  });
  return { socket, early, closed, memory, send: (text: string) => socket.emit("message", Buffer.from(text), true) };
};

describe("[C61] early messages", () => {
  it("are taken once, in their order", () => {
    const { early, send } = open();
    for (const text of ["a", "b", "c"]) send(text);
    expect(early.take().map(({ data }) => String(data))).toEqual(["a", "b", "c"]);
    send("d");
    expect(early.take()).toEqual([]);
  });

  it("of all sockets of one user share one budget, and the socket that exceeds it is closed with 1013", () => {
    const memory = budget();
    const sockets = Array.from({ length: 10 }, () => open(memory));
    for (const { send } of sockets) send("x".repeat(2_000));
    expect(sockets.flatMap(({ closed }) => closed)).toEqual(Array.from({ length: 6 }, () => CLOSE.overloaded));
    expect(memory.reserve("user b", 9_000)).toBeTypeOf("function");
  });

  it("give their memory back when they are taken, or when the socket closes", () => {
    const { early, socket, send, memory } = open();
    send("x".repeat(8_000));
    expect(memory.reserve("user a", 5_000)).toBeUndefined();
    early.take();
    memory.reserve("user a", 9_000)?.();
    const other = open(memory);
    other.send("x".repeat(8_000));
    other.socket.emit("close");
    expect(memory.reserve("user a", 9_000)).toBeTypeOf("function");
    expect(socket.listenerCount("message")).toBe(1);
  });
});
