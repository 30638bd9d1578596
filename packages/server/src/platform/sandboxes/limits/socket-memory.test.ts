/** The socket memory of a network namespace that counts, and its limit. */
import { expect, test } from "vitest";
import type { Meter } from "./meter.ts";
import { readSocketBytes, type ReadNetwork, withSocketMemory } from "./socket-memory.ts";

const line = (tx: number, rx: number, inode: number): string =>
  `   0: 0100007F:1F90 0100007F:C350 01 ${tx.toString(16)}:${rx.toString(16)} 00:00000000 00000000  1000        0 ${inode} 2 0 20 4 29 10 -1`;

const network = (files: Readonly<Record<string, string>>): ReadNetwork => {
  return (name, bytesMaximum) => (files[name] ?? "").slice(0, bytesMaximum);
};
/** `pages`: of all network namespaces together. */
const sockstat = (used: number, tcp: number, udp: number, pages = 99): string =>
  `sockets: used ${used}\nTCP: inuse ${tcp} orphan 0 tw 0 alloc 99999 mem ${pages}\nUDP: inuse ${udp} mem ${pages}\nRAW: inuse 0\n`;

test("lists are not read without sockets of their kind, nor while all of the host's have less than is allowed", () => {
  const asked: string[] = [];
  const reading = (text: string): ReadNetwork => {
    return (name) => {
      asked.push(name);
      return name === "sockstat" ? text : "";
    };
  };
  for (const charged of [true, false]) {
    expect(readSocketBytes(reading(sockstat(0, 0, 0)), charged, 0)).toBe(0);
    expect(readSocketBytes(reading(sockstat(200, 100, 100, 10)), charged, 10 * 65_536)).toBe(0);
  }
  expect(new Set(asked)).toEqual(new Set(["sockstat", "sockstat6"]));
});

test("a single socket counts, because the host's settings may allow it a larger buffer than the run's memory", () => {
  const netlink = "sk Eth Pid Groups Rmem Wmem Dump Locks\n0 0 9 00000000 8388608 0 0 2 0 77\n";
  expect(readSocketBytes(network({ sockstat: sockstat(1, 0, 0), netlink }), true, 0)).toBe(8_388_608);
  const tcp = `head\n${line(0, 1 << 20, 0)}\n`;
  expect(readSocketBytes(network({ sockstat: sockstat(1, 1, 0), tcp }), true, 0)).toBe(2 << 20);
  const udp = `head\n${line(0, 1 << 20, 7)}\n`;
  expect(readSocketBytes(network({ sockstat: sockstat(1, 0, 1), udp }), false, 0)).toBe(1 << 20);
});

test("connections that were not accepted count twice their bytes, others only when no cgroup accounts for them", () => {
  const tcp = `head\n${line(5, 1000, 0)}\n${line(10, 100, 4711)}\n`;
  const read = network({
    sockstat: sockstat(100, 100, 0),
    sockstat6: "TCP6: inuse 3\n",
    tcp,
    tcp6: `head\n${line(0, 7, 0)}\n`,
  });
  expect(readSocketBytes(read, true, 0)).toBe(2014);
  expect(readSocketBytes(read, false, 0)).toBe(2 * (5 + 1000 + 10 + 100 + 7));
});

test("datagrams count when no cgroup accounts for them", () => {
  const read = network({ sockstat: sockstat(70, 0, 70), udp: `head\n${line(3, 40_000, 1)}\n` });
  expect([readSocketBytes(read, true, 0), readSocketBytes(read, false, 0)]).toEqual([0, 40_003]);
});

test("netlink messages always count; other sockets count by their maximum when no cgroup accounts for them", () => {
  const netlink = "sk Eth Pid Groups Rmem Wmem Dump Locks\n0 0 9 00000000 5000 60 0 2 0 77\n";
  const read = network({ sockstat: sockstat(66, 0, 0), netlink });
  expect(readSocketBytes(read, true, 0)).toBe(5060);
  expect(readSocketBytes(read, false, 0)).toBe(5060 + 2 * 212_992);
});

test("a list that is too long exceeds the limit", () => {
  const read = network({ sockstat: sockstat(12_000, 12_000, 0), tcp: `${line(0, 0, 1)}\n`.repeat(12_000) });
  expect(readSocketBytes(read, true, 0)).toBe(Number.POSITIVE_INFINITY);
});

test("more than an eighth of the memory is out of memory, and stays so", () => {
  let rx = 0;
  const inner: Meter = {
    intervalMs: 50,
    begin: () => undefined,
    measure: () => ({ cpuMs: 1, memoryPeakBytes: 2, memoryExceeded: false }),
  };
  const read: ReadNetwork = (name) =>
    name === "sockstat" ? sockstat(65, 65, 0) : name === "tcp" ? `head\n${line(0, rx, 0)}\n` : "";
  const meter = withSocketMemory(inner, { pid: 1, charged: true, read });
  meter.begin(8000);
  rx = 500;
  expect(meter.measure()).toEqual({ cpuMs: 1, memoryPeakBytes: 2, memoryExceeded: false });
  rx = 501;
  expect(meter.measure().memoryExceeded).toBe(true);
  rx = 0;
  expect(meter.measure().memoryExceeded).toBe(true);
  meter.begin(8000);
  expect(meter.measure().memoryExceeded).toBe(false);
});
