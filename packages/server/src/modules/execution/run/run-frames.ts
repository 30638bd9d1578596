/** The frames of the protocol `run`: one program from its files to its end. Init's side is packages/sandbox-init. */
import { bootFrames, failureOf, type Frame, FrameFault } from "#platform/sandboxes";

/** The host's frame types; the payloads are described in packages/sandbox-init/init.h. */
export const toSandbox = {
  file: 0x01,
  fileData: 0x02,
  start: 0x03,
  stdin: 0x04,
  stdinEnd: 0x05,
  signal: 0x06,
  resize: 0x07,
  end: 0x0a,
  list: 0x0b,
  fetch: 0x0c,
  probe: 0x0d,
} as const;

const fromSandbox = {
  stdout: 0x42,
  stderr: 0x43,
  terminal: 0x44,
  stdinTaken: 0x45,
  exit: 0x46,
  started: 0x48,
  listed: 0x49,
  fetched: 0x4a,
  waits: 0x4b,
} as const;

/** `fault`: why neither it nor what is in it can be requested: a path longer than a project's, or a folder that can't be read. */
export type ListedEntry = {
  readonly isFile: boolean;
  readonly fault?: "name" | "unreadable";
  readonly size: number;
  readonly path: Uint8Array;
};

/** A decoded frame. Everything in it was produced inside a sandbox: sizes are checked, meaning is not trusted. */
export type SandboxFrame =
  | {
      readonly kind: "output";
      readonly stream: "stdout" | "stderr" | "terminal";
      readonly bytes: Uint8Array;
    }
  | { readonly kind: "stdin-taken"; readonly count: number }
  | {
      readonly kind: "exit";
      readonly signalled: boolean;
      readonly code: number;
      readonly cpuMs: number;
      readonly memoryPeakBytes: number;
    }
  /** From now on the program may have run. */
  | { readonly kind: "started" }
  /** A file that is new or changed; without an entry: the end of the list. The path is as in the file system. */
  | { readonly kind: "listed"; readonly entry?: ListedEntry }
  /** Whether the program is blocked reading its input. */
  | { readonly kind: "waits"; readonly waits: boolean }
  /** Bytes of the requested file; without bytes: its end. */
  | { readonly kind: "fetched"; readonly bytes: Uint8Array }
  | { readonly kind: "failed"; readonly reason: string };

const expectLength = (payload: Buffer, length: number, name: string): void => {
  if (payload.byteLength !== length) throw new FrameFault(`${name} frame of ${payload.byteLength} bytes`);
};

/** @throws FrameFault on a frame that init never sends. */
export const decodeRunFrame = (frame: Frame): SandboxFrame => {
  const { type, payload } = frame;
  switch (type) {
    case fromSandbox.stdout:
      return { kind: "output", stream: "stdout", bytes: payload };
    case fromSandbox.stderr:
      return { kind: "output", stream: "stderr", bytes: payload };
    case fromSandbox.terminal:
      return { kind: "output", stream: "terminal", bytes: payload };
    case fromSandbox.stdinTaken:
      expectLength(payload, 4, "stdin-taken");
      return { kind: "stdin-taken", count: payload.readUInt32LE(0) };
    case fromSandbox.exit:
      expectLength(payload, 18, "exit");
      return {
        kind: "exit",
        signalled: payload[0] === 1,
        code: payload.readUInt8(1),
        cpuMs: Number(payload.readBigUInt64LE(2) / 1000n),
        memoryPeakBytes: Number(payload.readBigUInt64LE(10)),
      };
    case fromSandbox.started:
      expectLength(payload, 0, "started");
      return { kind: "started" };
    case fromSandbox.listed:
      if (payload.byteLength === 0) return { kind: "listed" };
      if (payload.byteLength < 10) throw new FrameFault(`listed frame of ${payload.byteLength} bytes`);
      return {
        kind: "listed",
        entry: {
          isFile: payload[0] === 0,
          ...(payload[0] === 2 ? { fault: "name" } : payload[0] === 3 ? { fault: "unreadable" } : {}),
          size: Number(payload.readBigUInt64LE(1)),
          path: payload.subarray(9),
        },
      };
    case fromSandbox.waits:
      expectLength(payload, 1, "waits");
      return { kind: "waits", waits: payload[0] === 1 };
    case fromSandbox.fetched:
      return { kind: "fetched", bytes: payload };
    case bootFrames.failed:
      return { kind: "failed", reason: failureOf(frame) };
    default:
      throw new FrameFault(`frame of unknown type ${type}`);
  }
};
