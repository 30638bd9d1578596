/** A program that fills the buffers of sockets and says how much they hold. No test library: the emulated machine runs it too. */
import type { TestProgram } from "./harness.ts";

/** Each of the processes makes so many pairs, and sends so many messages over each, or as many as are taken. */
export type SocketFilling = {
  readonly kind: "datagram" | "accepted" | "local";
  readonly processes: number;
  readonly pairs: number;
  readonly messages: number;
  readonly messageBytes: number;
};

/** Once all processes have filled theirs, the bytes that can still be read are counted: those that were dropped held nothing. */
const filler = `
import os, socket, struct, sys
processes, pair_count, messages, message_bytes = map(int, sys.argv[2:])
def pairs():
    if sys.argv[1] == "accepted": server = socket.create_server(("127.0.0.1", 0), backlog=128)
    for _ in range(pair_count):
        if sys.argv[1] == "datagram":
            one, other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            one.bind(("127.0.0.1", 0))
            other.connect(one.getsockname())
        elif sys.argv[1] == "accepted":
            other = socket.create_connection(server.getsockname())
            one = server.accept()[0]
        else:
            one, other = socket.socketpair()
        other.setblocking(False)
        one.setblocking(False)
        yield one, other
def fill():
    kept = []
    try:
        for one, other in pairs():
            kept.append((one, other))
            try:
                for _ in range(messages): other.send(b"x" * message_bytes)
            except OSError: pass
    except OSError: pass
    return kept
def drain(kept):
    held = 0
    for one, _ in kept:
        try:
            while True:
                piece = one.recv(65536)
                if not piece: break
                held += len(piece)
        except OSError: pass
    return held
ready_in, ready_out = os.pipe()
go_in, go_out = os.pipe()
results_in, results_out = os.pipe()
for child in range(processes):
    if os.fork() == 0:
        os.close(go_out)
        kept = fill()
        os.write(ready_out, b"r")
        os.read(go_in, 1)
        os.write(results_out, struct.pack("q", drain(kept)))
        os._exit(0)
for child in range(processes): os.read(ready_in, 1)
os.close(go_out)
print("held", sum(struct.unpack("q", os.read(results_in, 8))[0] for child in range(processes)))
`;

/** The program; it prints `held <bytes>`. */
export const fillingProgram = (filling: SocketFilling): TestProgram => {
  const { kind, processes, pairs, messages, messageBytes } = filling;
  return {
    argv: ["python3", "main.py", kind, ...[processes, pairs, messages, messageBytes].map(String)],
    files: { "main.py": filler },
  };
};

/** Bytes that its sockets held; NaN when it did not say so. */
export const heldBytes = (stdout: string): number => Number(/held (\d+)/u.exec(stdout)?.[1]);
