/** Memory that a sandbox's sockets take and that no account of the kernel has, read from its network namespace. */
import { closeSync, openSync, readSync } from "node:fs";
import type { Measurement, Meter } from "./meter.ts";

/** A part of a run's memory limit: sockets beyond it make the run out of memory. */
export const socketShare = 1 / 8;

/** Below so many sockets of a kind there is nothing to look for. */
const fewSockets = 64;
/** Lists of sockets that are longer are too many sockets: reading them twenty times a second would cost more than the run. */
const listBytesMaximum = 1 << 20;
/** TCP counts what was sent; its buffers take up to twice as much. */
const bufferFactor = 2;
/** What a socket of another kind may hold, with the kernel's usual limits; none of them tells. */
const otherSocketBytes = 212_992;

/** Text of a file below /proc/<pid>/net, at most so many bytes; "" where there is none. Replaced in tests. */
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

/** Sums a number of each line of a list; Infinity where the list is too long. */
const sumOf = (text: string, bytesOf: (fields: readonly string[]) => number): number => {
  if (text.length >= listBytesMaximum) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (const line of text.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/u);
    if (fields.length > 5) sum += bytesOf(fields);
  }
  return sum;
};

/** `tx_queue:rx_queue`, hexadecimal. */
const queues = (fields: readonly string[]): readonly [tx: number, rx: number] => {
  const [tx = "0", rx = "0"] = (fields[4] ?? "").split(":");
  return [Number.parseInt(tx, 16) || 0, Number.parseInt(rx, 16) || 0];
};

/** Of a connection that nobody has accepted: it is in no account until then. */
const unacceptedBytes = (fields: readonly string[]): number =>
  fields[9] === "0" ? queues(fields)[1] * bufferFactor : 0;
const bothQueues = (fields: readonly string[]): number => queues(fields)[0] + queues(fields)[1];

/**
 * Bytes in no account. `charged`: the kernel counts what TCP and UDP hold as the run's, but for connections that were not
 * accepted; messages of netlink it never counts.
 */
export const readSocketBytes = (read: ReadNetwork, charged: boolean): number => {
  const sockstat = read("sockstat", 4096);
  const sockstat6 = read("sockstat6", 4096);
  const tcp = countOf(sockstat, "TCP", "inuse") + countOf(sockstat6, "TCP6", "inuse");
  const udp = countOf(sockstat, "UDP", "inuse") + countOf(sockstat6, "UDP6", "inuse");
  const others = countOf(sockstat, "sockets", "used") - tcp - udp;
  const listOf = (name: string): string => read(name, listBytesMaximum);
  let bytes = 0;
  if (tcp > fewSockets) {
    const bytesOf = charged ? unacceptedBytes : (fields: readonly string[]) => bothQueues(fields) * bufferFactor;
    bytes += sumOf(listOf("tcp"), bytesOf) + sumOf(listOf("tcp6"), bytesOf);
  }
  if (udp > fewSockets && !charged) bytes += sumOf(listOf("udp"), bothQueues) + sumOf(listOf("udp6"), bothQueues);
  if (others > fewSockets) {
    bytes += sumOf(listOf("netlink"), (fields) => Number(fields[4] ?? 0) + Number(fields[5] ?? 0));
    if (!charged) bytes += (others - fewSockets) * otherSocketBytes;
  }
  return bytes;
};

/**
 * A meter that also looks at sockets. `pid` is a process of the sandbox, on the host.
 * @param charged whether the sandbox's cgroup counts what TCP and UDP hold.
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
      exceeded ||= readSocketBytes(read, options.charged) > allowedBytes;
      return exceeded ? { ...measurement, memoryExceeded: true } : measurement;
    },
  };
};
