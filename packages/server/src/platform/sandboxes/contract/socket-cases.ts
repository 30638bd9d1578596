/**
 * The contract's part on memory in the buffers of sockets and pipes: it is limited together with the run's memory, whichever cgroup
 * accounts for it.
 */
import { describe, expect, test } from "vitest";
import type { ContractContext } from "../ports.contract.ts";
import { runProgram, type TestProgram } from "./harness.ts";
import { fillingProgram, heldBytes } from "./socket-filler.ts";

const mebibyte = 1 << 20;
const memoryBytes = 64 * mebibyte;

/**
 * Share of a run's memory. The kernel always grants a connection a few KiB. gVisor keeps buffers in its own memory, of which up to 64 MiB
 * are not counted as the program's [I41]: local sockets get that much beside the limit.
 */
const mostOfMemory = {
  namespaces: { datagram: 1 / 8, accepted: 1 / 2, local: 1 },
  gvisor: { datagram: 1, accepted: 1, local: (memoryBytes + 64 * mebibyte) / memoryBytes },
} as const;

/**
 * Connections that are never accepted, and answers to route queries that are never read: no cgroup accounts for them. `queue` and
 * `backlog` do so with few sockets, each of which holds as much as the host's settings let it.
 */
const hidden = `
import os, socket, struct, sys, time
kept = []
few = sys.argv[1] in ("queue", "backlog")
for child in range(0 if few else 3):
    if os.fork() == 0: break
def connections():
    for _ in range(4):
        server = socket.create_server(("127.0.0.1", 0), backlog=128)
        kept.append(server)
        for _ in range(100):
            one = socket.socket()
            one.settimeout(1)
            one.connect(server.getsockname())
            one.setblocking(False)
            kept.append(one)
            try:
                while True: one.send(b"x" * 65536)
            except OSError: pass
def routes():
    question = struct.pack("IHHIIBBHiII", 32, 18, 1, 1, 0, 0, 0, 0, 1, 0, 0)
    for _ in range(400):
        one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        one.setblocking(False)
        kept.append(one)
        try:
            for _ in range(400): one.send(question)
        except OSError: pass
def queue():
    request = struct.pack("IHHII", 16000, 16, 5, 1, 0).ljust(16000, b"\\0")
    for _ in range(62):
        one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 30)
        kept.append(one)
        try:
            for _ in range(4000): one.send(request)
        except OSError: pass
def backlog():
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 30)
    server.bind(("127.0.0.1", 0))
    server.listen(64)
    kept.append(server)
    for _ in range(31):
        one = socket.create_connection(server.getsockname())
        one.setblocking(False)
        kept.append(one)
        try:
            while True: one.send(b"x" * 65536)
        except OSError: pass
try: globals()[sys.argv[1]]()
except OSError as error: print(error)
print("filled", flush=True)
time.sleep(8)
`;

/** Declares the part. */
export const testSocketMemory = (context: ContractContext): void => {
  const run = (program: TestProgram, bytes = memoryBytes) =>
    runProgram(
      { provider: context.provider(), imageRoot: context.imageRoot },
      { ...program, limits: { memoryBytes: bytes } },
    );

  describe("memory of sockets", () => {
    test.each(["datagram", "accepted", "local"] as const)(
      "[I53] what %s sockets hold is bounded with memory",
      async (kind) => {
        // Without a limit 400 connections would hold at least 80 MiB, and 1,000 pairs of local sockets 203 MiB.
        const pairs = kind === "local" ? 250 : 100;
        const program = fillingProgram({ kind, processes: 4, pairs, messages: 400, messageBytes: 8000 });
        const { result, stdout, stderr } = await run(program);
        const outOfMemory = { kind: "limit", limit: "memory" };
        expect([outOfMemory, { kind: "exited", exitCode: 0 }], stderr).toContainEqual(result.end);
        // Ended as out of memory: it holds nothing any more.
        const held = result.end.kind === "limit" ? 0 : heldBytes(stdout);
        expect(held / memoryBytes).toBeLessThanOrEqual(
          mostOfMemory[context.tier === "gvisor" ? "gvisor" : "namespaces"][kind],
        );
      },
    );

    // gVisor's network stack is in its own memory, which its cgroup accounts for: this case does not exist there.
    test.each(context.tier === "gvisor" ? [] : ["connections", "routes", "queue", "backlog"])(
      "[I53] %s that the kernel counts for nobody make the run out of memory",
      async (kind) => {
        // With the kernel's default settings 62 sockets hold no more than 25 MiB.
        const program = { argv: ["python3", "main.py", kind], files: { "main.py": hidden } };
        const { result, stderr } = await run(program, kind === "queue" ? 32 * mebibyte : memoryBytes);
        expect(result.end, stderr).toEqual({ kind: "limit", limit: "memory" });
      },
    );
  });
};
