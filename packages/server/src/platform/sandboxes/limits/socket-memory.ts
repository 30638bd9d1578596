/** Reads from a sandbox's network namespace how much memory its sockets hold that no cgroup accounts for. */
import { closeSync, openSync, readSync } from "node:fs";
import type { Measurement, Meter } from "./meter.ts";

/** Share of a run's memory limit: with more in sockets the run ends as out of memory. */
export const socketShare = 1 / 8;

/** Without an account, up to this number of sockets of other kinds is not counted: an idle program has some. */
const fewSockets = 64;
/** The largest size of a page: sockstat counts pages, whose size is unknown here. */
const pageBytes = process.arch === "x64" ? 4096 : 65_536;
/** A longer list counts as too many sockets: reading it twenty times a second would cost more than the run. */
const listBytesMaximum = 1 << 20;
/** The kernel reports the bytes that TCP sent; its buffers take up to twice as much. */
const bufferFactor = 2;
/** The largest buffer of a socket of another kind with the kernel's default limits; the kernel does not report the used bytes. */
const otherSocketBytes = 212_992;

/** Reads a file below /proc/<pid>/net, at most so many bytes; "" when it does not exist. Replaced in tests. */
export type ReadNetwork = (name: string, bytesMaximum: number) => string;

const readNetworkOf =
  (pid: number): ReadNetwork =>
  (name, bytesMaximum) => {
    let file: number;
    try {
      file = openSync(`/proc/${pid}/net/${name}`, "r");
    } catch {
      // The process has ended, or there is no IPv6.
      return "";
    }
    try {
      const buffer = Buffer.allocUnsafe(bytesMaximum);
      let length = 0;
      for (;;) {
        const count = readSync(file, buffer, length, bytesMaximum - length, null);
        length += count;
        if (count === 0 || length === bytesMaximum) return buffer.toString("latin1", 0, length);
      }
    } catch {
      return "";
    } finally {
      closeSync(file);
    }
  };

const countOf = (sockstat: string, line: string, key: string): number =>
  Number(new RegExp(`^${line}:.* ?\\b${key} (\\d+)`, "mu").exec(sockstat)?.[1] ?? 0);

/** Sums one number of each line of a list; Infinity when the list is too long. */
const sumOf = (text: string, bytesOf: (fields: readonly string[]) => number): number => {
  if (text.length >= listBytesMaximum) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (const line of text.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/u);
    if (fields.length > 5) sum += bytesOf(fields);
  }
  return sum;
};

/** Parses `tx_queue:rx_queue`, hexadecimal. */
const queues = (fields: readonly string[]): readonly [tx: number, rx: number] => {
  const [tx = "0", rx = "0"] = (fields[4] ?? "").split(":");
  return [Number.parseInt(tx, 16) || 0, Number.parseInt(rx, 16) || 0];
};

/** Whether the connection was not accepted yet: until then no cgroup accounts for it. */
const unacceptedBytes = (fields: readonly string[]): number =>
  fields[9] === "0" ? queues(fields)[1] * bufferFactor : 0;
const bothQueues = (fields: readonly string[]): number => queues(fields)[0] + queues(fields)[1];

/**
 * Bytes that no cgroup accounts for. `charged`: the kernel charges TCP and UDP buffers to the run, except those of connections that were
 * not accepted. It never charges netlink messages. How much one socket may hold is the host's setting, and may be more than a run has:
 * no number of sockets is small enough to be ignored. Lists of TCP and UDP, for which the kernel walks a table of the whole host, are read
 * only while the buffers of that kind, of all network namespaces together, have more than `allowedBytes`.
 */
export const readSocketBytes = (read: ReadNetwork, charged: boolean, allowedBytes: number): number => {
  const sockstat = read("sockstat", 4096);
  const sockstat6 = read("sockstat6", 4096);
  const tcp = countOf(sockstat, "TCP", "inuse") + countOf(sockstat6, "TCP6", "inuse");
  const udp = countOf(sockstat, "UDP", "inuse") + countOf(sockstat6, "UDP6", "inuse");
  const others = countOf(sockstat, "sockets", "used") - tcp - udp;
  const listOf = (name: string): string => read(name, listBytesMaximum);
  const mayExceed = (line: string): boolean => countOf(sockstat, line, "mem") * pageBytes > allowedBytes;
  let bytes = 0;
  if (tcp > 0 && mayExceed("TCP")) {
    const bytesOf = charged ? unacceptedBytes : (fields: readonly string[]) => bothQueues(fields) * bufferFactor;
    bytes += sumOf(listOf("tcp"), bytesOf) + sumOf(listOf("tcp6"), bytesOf);
  }
  if (udp > 0 && !charged && mayExceed("UDP")) {
    bytes += sumOf(listOf("udp"), bothQueues) + sumOf(listOf("udp6"), bothQueues);
  }
  if (others > 0) bytes += sumOf(listOf("netlink"), (fields) => Number(fields[4] ?? 0) + Number(fields[5] ?? 0));
  if (others > fewSockets && !charged) bytes += (others - fewSockets) * otherSocketBytes;
  return bytes;
};

/**
 * Wraps a meter and also checks socket memory. `pid` is a process of the sandbox, on the host.
 * @param charged whether the sandbox's cgroup accounts for TCP and UDP buffers.
 */
export const withSocketMemory = (
  meter: Meter,
  options: { readonly pid: number; readonly charged: boolean; readonly read?: ReadNetwork },
): Meter => {
  const read = options.read ?? readNetworkOf(options.pid);
  let allowedBytes = Number.POSITIVE_INFINITY;
  let exceeded = false;
  return {
    intervalMs: meter.intervalMs,
    begin(memoryBytes) {
      meter.begin(memoryBytes);
      allowedBytes = memoryBytes * socketShare;
      exceeded = false;
    },
    measure(): Measurement {
      const measurement = meter.measure();
      exceeded ||= readSocketBytes(read, options.charged, allowedBytes) > allowedBytes;
      return exceeded ? { ...measurement, memoryExceeded: true } : measurement;
    },
  };
};
