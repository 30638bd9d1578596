/** The filter in a small interpreter of classic BPF: allowed and refused system calls. */
import { expect, test } from "vitest";
import { encodeSeccompFilter } from "./seccomp-filter.ts";

const allow = 0x7fff_0000;
const refuse = 0x0005_0001;
const x64 = 0xc000_003e;

const evaluate = (
  program: Buffer,
  call: { number: number; architecture?: number; arguments?: readonly bigint[] },
): number => {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number >>> 0, 0);
  data.writeUInt32LE(call.architecture ?? x64, 4);
  (call.arguments ?? []).forEach((value, index) => data.writeBigUInt64LE(value, 16 + 8 * index));
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 8) {
    const value = program.readUInt32LE(at + 4);
    const jump = (taken: boolean): number => 8 * program.readUInt8(at + (taken ? 2 : 3));
    switch (program.readUInt16LE(at)) {
      case 0x20:
        accumulator = data.readUInt32LE(value);
        break;
      case 0x15:
        at += jump(accumulator === value);
        break;
      case 0x35:
        at += jump(accumulator >= value);
        break;
      case 0x45:
        at += jump((accumulator & value) !== 0);
        break;
      case 0x06:
        return value;
      default:
        throw new Error("unknown instruction");
    }
  }
  throw new Error("the program has no end");
};

test.each([
  ["read", { number: 0 }, allow],
  ["ptrace", { number: 101 }, allow],
  ["mount", { number: 165 }, refuse],
  ["bpf", { number: 321 }, refuse],
  ["io_uring_setup", { number: 425 }, refuse],
  ["an x32 call", { number: 0x4000_0000 }, refuse],
  ["an i386 call", { number: 20, architecture: 0x4000_0003 }, refuse],
  ["fork", { number: 56, arguments: [17n] }, allow],
  ["a thread", { number: 56, arguments: [0x3d0f00n] }, allow],
  ["a user namespace", { number: 56, arguments: [0x1000_0011n] }, refuse],
  ["a network namespace", { number: 56, arguments: [0x4000_0011n] }, refuse],
  ["unshare of files", { number: 272, arguments: [0x400n] }, allow],
  ["unshare of time", { number: 272, arguments: [0x80n] }, refuse],
  ["clone3", { number: 435 }, 0x0005_0026],
  ["an inet socket", { number: 41, arguments: [2n] }, allow],
  ["a packet socket", { number: 41, arguments: [17n] }, refuse],
  ["a vsock", { number: 41, arguments: [40n] }, refuse],
  ["a unix socket", { number: 41, arguments: [1n, 1n, 0n] }, allow],
  ["a netlink socket for routes", { number: 41, arguments: [16n, 3n, 0n] }, allow],
  ["a netlink socket between programs", { number: 41, arguments: [16n, 3n, 2n] }, refuse],
  ["io_setup", { number: 206 }, 0x0005_0026],
  ["sync", { number: 162 }, 0x0005_0000],
  ["TCGETS", { number: 16, arguments: [0n, 0x5401n] }, allow],
  ["TIOCSTI", { number: 16, arguments: [0n, 0x5412n] }, refuse],
  ["TIOCSTI with high bits", { number: 16, arguments: [0n, 0xffff_ffff_0000_5412n] }, refuse],
  ["TIOCLINUX", { number: 16, arguments: [0n, 0x541cn] }, refuse],
  ["a limit of its own", { number: 302, arguments: [0n] }, allow],
  ["a socket's buffer", { number: 54, arguments: [3n, 1n, 8n] }, allow],
  ["a classic filter at a socket", { number: 54, arguments: [3n, 1n, 26n] }, refuse],
  ["the same with high bits", { number: 54, arguments: [3n, 0xffff_ffff_0000_0001n, 0xffff_ffff_0000_001an] }, refuse],
  ["a loaded filter at a socket", { number: 54, arguments: [3n, 1n, 50n] }, refuse],
  ["a classic filter at a group of sockets", { number: 54, arguments: [3n, 1n, 51n] }, refuse],
  ["a loaded filter at a group of sockets", { number: 54, arguments: [3n, 1n, 52n] }, refuse],
  ["an option of another level", { number: 54, arguments: [3n, 6n, 26n] }, allow],
  ["a limit of init", { number: 302, arguments: [1n] }, refuse],
] as const)("%s", (_, call, expected) => {
  expect(evaluate(encodeSeccompFilter("x64", "cgroup"), call)).toBe(expected);
});

test.each([
  ["memfd_create", 319, 279],
  ["shmget", 29, 194],
] as const)("%s is refused only where memory is counted by process", (_, x64Number, armNumber) => {
  const answers = (["cgroup", "polled"] as const).map((limits) => [
    evaluate(encodeSeccompFilter("x64", limits), { number: x64Number }),
    evaluate(encodeSeccompFilter("arm64", limits), { number: armNumber, architecture: 0xc000_00b7 }),
  ]);
  expect(answers).toEqual([
    [allow, allow],
    [refuse, refuse],
  ]);
  expect(evaluate(encodeSeccompFilter("x64", "polled"), { number: 0 })).toBe(allow);
});

test("the table for 64-bit ARM ends as well", () => {
  const arm = { architecture: 0xc000_00b7 };
  const program = encodeSeccompFilter("arm64", "cgroup");
  expect(evaluate(program, { number: 63, ...arm })).toBe(allow);
  expect(evaluate(program, { number: 40, ...arm })).toBe(refuse);
  expect(evaluate(program, { number: 208, arguments: [3n, 1n, 26n], ...arm })).toBe(refuse);
  expect(evaluate(program, { number: 208, arguments: [3n, 1n, 8n], ...arm })).toBe(allow);
});
