/** Writes the seccomp filter of the namespaces tier as a classic BPF program: refuse with an errno, never kill. */

import type { LimitsEnforcement } from "../ports.ts";

/** Processors with a table here. */
export type FilterArchitecture = "x64" | "arm64";

type Numbers = readonly [x64: number | undefined, arm64: number | undefined];

const both = (number: number): Numbers => [number, number];

/** System calls that no program needs here and that reach deep into the shared kernel. */
const refused: Readonly<Record<string, Numbers>> = {
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  io_uring_setup: both(425),
  io_uring_enter: both(426),
  io_uring_register: both(427),
  userfaultfd: [323, 282],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  setns: [308, 268],
  open_tree: both(428),
  move_mount: both(429),
  fsopen: both(430),
  fsconfig: both(431),
  fsmount: both(432),
  fspick: both(433),
  mount_setattr: both(442),
  open_by_handle_at: [304, 265],
  name_to_handle_at: [303, 264],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: both(443),
  syslog: [103, 116],
  iopl: [172, undefined],
  ioperm: [173, undefined],
  modify_ldt: [154, undefined],
  uselib: [134, undefined],
  lookup_dcookie: [212, 18],
  mbind: [237, 235],
  set_mempolicy: [238, 237],
  migrate_pages: [256, 238],
  move_pages: [279, 239],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  fanotify_init: [300, 262],
  kcmp: [312, 272],
  pidfd_getfd: both(438),
  memfd_secret: both(447),
  vhangup: [153, 58],
};

/** System calls that allocate memory outside of processes, which polling by process does not see. */
const unaccounted: Readonly<Record<string, Numbers>> = {
  memfd_create: [319, 279],
  shmget: [29, 194],
};

/** Refused with ENOSYS, which programs can handle, because the host has a limited number of these resources. */
const absent: Readonly<Record<string, Numbers>> = {
  io_setup: [206, 0],
  io_destroy: [207, 1],
  io_submit: [209, 2],
  io_cancel: [210, 3],
  io_getevents: [208, 4],
  io_pgetevents: [333, 292],
};

/** Succeed without effect: a program's files are removed with its sandbox, and one such call would make the whole host write to its disks. */
const pretended: Readonly<Record<string, Numbers>> = { sync: [162, 81] };

const inspected = {
  clone: [56, 220],
  clone3: [435, 435],
  unshare: [272, 97],
  socket: [41, 198],
  ioctl: [16, 29],
  prlimit64: [302, 261],
  setsockopt: [54, 208],
} as const satisfies Record<string, Numbers>;

const auditArchitecture = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;

const bpf = { load: 0x20, jumpEqual: 0x15, jumpGreaterOrEqual: 0x35, jumpAnyBit: 0x45, return: 0x06 } as const;
const allow = 0x7fff_0000;
const errno = (number: number): number => 0x0005_0000 | number;
const notPermitted = errno(1);
/** The C library falls back from clone3, whose flags a filter cannot read, to clone. */
const notImplemented = errno(38);
const done = errno(0);

const offsets = { number: 0, architecture: 4 } as const;
/** Low half of an argument on a little-endian machine: the kernel ignores the high half where it takes an int. */
const argument = (index: number): number => 16 + 8 * index;

const namespaceFlags = 0x7e02_0080 | 0; // every CLONE_NEW* but the one that shares its bit with a signal number
const newTimeNamespace = 0x80;
const firstX32Call = 0x4000_0000;
const familiesAllowed = [1, 2, 10]; // unix, inet, inet6
const netlinkFamily = 16;
/**
 * Interfaces and addresses, which libraries look up. Other netlink protocols reach further into the kernel, or carry messages that no
 * cgroup accounts for.
 */
const netlinkProtocolsAllowed = [0];
/**
 * SO_ATTACH_FILTER, SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_CBPF and _EBPF: compiled filters use memory that no cgroup accounts for and of which
 * the whole host has a fixed amount.
 */
const socketFilters = [26, 50, 51, 52];
const socketLevel = 1;
const terminalInjection = [0x5412, 0x541c]; // TIOCSTI, TIOCLINUX

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, value: number];

const load = (offset: number): Instruction => [bpf.load, 0, 0, offset];
const give = (value: number): Instruction => [bpf.return, 0, 0, value];

/** Runs `body` only for system call `number`; the body must return on every path. */
const onCall = (number: number, body: readonly Instruction[]): Instruction[] => [
  [bpf.jumpEqual, 0, body.length, number],
  ...body,
];

/** Returns the same answer for each of the calls. */
const answerCalls = (calls: Readonly<Record<string, Numbers>>, column: 0 | 1, answer: number): Instruction[] =>
  Object.values(calls).flatMap((numbers) => {
    const number = numbers[column];
    return number === undefined ? [] : onCall(number, [give(answer)]);
  });

const refuseIfEqual = (values: readonly number[]): Instruction[] =>
  values.flatMap((value): Instruction[] => [[bpf.jumpEqual, 0, 1, value], give(notPermitted)]);

const instructions = (architecture: FilterArchitecture, limits: LimitsEnforcement): Instruction[] => {
  const column = architecture === "x64" ? 0 : 1;
  const program: Instruction[] = [
    load(offsets.architecture),
    [bpf.jumpEqual, 1, 0, auditArchitecture[architecture]],
    give(notPermitted), // i386 on x86-64, 32-bit ARM
    load(offsets.number),
  ];
  if (architecture === "x64") program.push([bpf.jumpGreaterOrEqual, 0, 1, firstX32Call], give(notPermitted));
  const calls = limits === "polled" ? { ...refused, ...unaccounted } : refused;
  program.push(...answerCalls(calls, column, notPermitted));
  program.push(...answerCalls(absent, column, notImplemented), ...answerCalls(pretended, column, done));
  const withoutTime = (namespaceFlags & ~newTimeNamespace) >>> 0;
  program.push(
    ...onCall(inspected.clone[column], [
      load(argument(0)),
      [bpf.jumpAnyBit, 0, 1, withoutTime],
      give(notPermitted),
      give(allow),
    ]),
    ...onCall(inspected.clone3[column], [give(notImplemented)]),
    ...onCall(inspected.unshare[column], [
      load(argument(0)),
      [bpf.jumpAnyBit, 0, 1, namespaceFlags >>> 0],
      give(notPermitted),
      give(allow),
    ]),
    ...onCall(inspected.socket[column], [
      load(argument(0)),
      [bpf.jumpEqual, 0, netlinkProtocolsAllowed.length * 2 + 2, netlinkFamily],
      load(argument(2)),
      ...netlinkProtocolsAllowed.flatMap((protocol): Instruction[] => [[bpf.jumpEqual, 0, 1, protocol], give(allow)]),
      give(notPermitted),
      ...familiesAllowed.flatMap((family): Instruction[] => [[bpf.jumpEqual, 0, 1, family], give(allow)]),
      give(notPermitted),
    ]),
    ...onCall(inspected.ioctl[column], [load(argument(1)), ...refuseIfEqual(terminalInjection), give(allow)]),
    ...onCall(inspected.setsockopt[column], [
      load(argument(1)),
      [bpf.jumpEqual, 0, socketFilters.length * 2 + 1, socketLevel],
      load(argument(2)),
      ...refuseIfEqual(socketFilters),
      give(allow),
    ]),
    // Limits of process 1, which may share the program's user id.
    ...onCall(inspected.prlimit64[column], [load(argument(0)), ...refuseIfEqual([1]), give(allow)]),
    give(allow),
  );
  return program;
};

/** The program as the kernel's `struct sock_filter[]`: 8 bytes each, for the processor named and the way memory is limited. */
export const encodeSeccompFilter = (architecture: FilterArchitecture, limits: LimitsEnforcement): Buffer => {
  const program = instructions(architecture, limits);
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, jumpTrue, jumpFalse, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jumpTrue, index * 8 + 2);
    bytes.writeUInt8(jumpFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  });
  return bytes;
};
