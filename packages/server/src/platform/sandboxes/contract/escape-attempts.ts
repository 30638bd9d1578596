/** Ways out of a sandbox, each as a few lines of Python, and what each tier must answer: the contract's table of escapes. */
import type { IsolationTier } from "../ports.ts";

/** `refused`: an error; `nothing`: an error, or it had no effect; `own-kernel`: gVisor may grant it inside its own kernel. */
export type Verdict = "refused" | "nothing" | "own-kernel";

/** One row. `code` is the body of a function: it raises OSError, or returns a falsy value, when it got nowhere. */
export type EscapeAttempt = {
  readonly name: string;
  readonly code: string;
  readonly expect: Verdict | Readonly<Partial<Record<IsolationTier, Verdict>>>;
  /** Harmless on the host, where it must succeed: shows that the row can tell the difference. */
  readonly control?: true;
};

const call = (name: string, number: number, ...args: readonly (number | string)[]): EscapeAttempt => ({
  name,
  code: `return syscall(${[number, ...args].join(", ")})`,
  expect: "refused",
});

const ownKernel = { namespaces: "refused", gvisor: "own-kernel" } as const;

/** The table. `PORT`, `MARKER_FILE` and `HOST_PID` are replaced by the suite. x86-64 numbers: elsewhere they are refused as unknown. */
export const escapeAttempts: readonly EscapeAttempt[] = [
  {
    name: "connect to the host's loopback",
    code: "s = socket.create_connection(('127.0.0.1', PORT), 2); return s.recv(9) == b'host here'",
    expect: "refused",
    control: true,
  },
  { name: "connect to any address", code: "return socket.create_connection(('1.1.1.1', 80), 2)", expect: "refused" },
  {
    name: "connect to the metadata service",
    code: "return socket.create_connection(('169.254.169.254', 80), 2)",
    expect: "refused",
  },
  {
    name: "send a datagram out",
    code: "return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('8.8.8.8', 53))",
    expect: "refused",
  },
  { name: "read a file of the host", code: "return open('MARKER_FILE').read()", expect: "refused", control: true },
  {
    name: "see a variable of the server",
    code: "return os.environ.get('ATELIER_CONTROL_MARKER')",
    expect: "nothing",
    control: true,
  },
  {
    name: "see a process of the host",
    // A process that has ended since it was listed tells nothing of the others.
    code: `
for p in filter(str.isdigit, os.listdir('/proc')):
    try:
        if 'ATELIER_CONTROL_PROCESS' in open(f'/proc/{p}/cmdline').read(): return True
    except (FileNotFoundError, ProcessLookupError): pass`,
    expect: "nothing",
    control: true,
  },
  {
    name: "use a leaked descriptor",
    code: `
for n in range(3, 256):
    try: os.fstat(n); return True
    except OSError: pass`,
    expect: "nothing",
    control: true,
  },
  { name: "see the host's name", code: "return os.uname().nodename == 'HOST_NAME'", expect: "nothing", control: true },
  {
    name: "see the host's kernel command line",
    code: "return open('/proc/cmdline').read()",
    expect: { namespaces: "nothing", gvisor: "own-kernel" },
  },
  { name: "write to /", code: "return open('/escape', 'w')", expect: "refused" },
  { name: "write to /usr", code: "return open('/usr/escape', 'w')", expect: "refused" },
  { name: "write to /etc", code: "return open('/etc/passwd', 'a')", expect: "refused" },
  { name: "write to init's folder", code: "return open('/.atelier/escape', 'w')", expect: "refused" },
  { name: "replace init", code: "return os.rename('/project/x', '/.atelier/init')", expect: "refused" },
  {
    name: "write to any other mount",
    code: `
wrote = []
for line in open('/proc/self/mounts'):
    mount = line.split()[1]
    if mount in ('/project', '/tmp', '/dev/shm') or mount.startswith('/proc'): continue
    try:
        if os.path.isdir(mount): open(mount + '/escape', 'w').close(); wrote.append(mount)
    except OSError: pass
return wrote`,
    expect: "nothing",
  },
  { name: "write a sysctl", code: "return open('/proc/sys/kernel/core_pattern', 'w').write('|/x')", expect: "refused" },
  {
    name: "trigger a sysrq",
    code: "return open('/proc/sysrq-trigger', 'w').write('') and False",
    expect: { namespaces: "nothing", gvisor: "refused" },
  },
  { name: "write below /sys", code: "return open('/sys/kernel/uevent_helper', 'w').write('x')", expect: "refused" },
  { name: "kill init", code: "os.kill(1, 9); os.kill(1, 19); time.sleep(0.1)", expect: "nothing" },
  { name: "trace init", code: "return syscall(101, 16, 1, 0, 0) == 0", expect: "refused" },
  { name: "read init's memory", code: "return open('/proc/1/mem', 'rb').read(1)", expect: "refused" },
  {
    name: "read init's memory by process_vm_readv",
    code: `
buffer = ctypes.create_string_buffer(8)
to = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
at = (ctypes.c_size_t * 2)(0x400000, 8)
return syscall(310, 1, ctypes.byref(to), 1, ctypes.byref(at), 1, 0)`,
    expect: "refused",
  },
  { name: "read init's variables", code: "return open('/proc/1/environ').read()", expect: ownKernel },
  { name: "use init's descriptors", code: "return os.open('/proc/1/fd/1', os.O_WRONLY)", expect: "refused" },
  { name: "enter init's root", code: "return os.listdir('/proc/1/root/')", expect: "refused" },
  {
    name: "limit init",
    code: "return syscall(302, 1, 7, ctypes.byref((ctypes.c_uint64 * 2)(0, 0)), None) == 0",
    expect: "refused",
  },
  { name: "become root", code: "os.setuid(0); return os.geteuid() == 0", expect: "refused" },
  { name: "become root's group", code: "os.setgid(0); return True", expect: "refused" },
  {
    name: "become root by a setuid program",
    code: "return subprocess.run(['su', '-c', 'id -u'], capture_output=True, stdin=subprocess.DEVNULL).stdout == b'0\\n'",
    expect: "nothing",
  },
  { name: "mount", code: "return mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0", expect: "refused" },
  { name: "remount", code: "return mount(b'x', b'/', None, 32, None) == 0", expect: "refused" },
  { name: "unmount", code: "return umount(b'/project') == 0", expect: "refused" },
  { name: "change the root", code: "os.chroot('/tmp'); return True", expect: "refused" },
  { name: "make a user namespace", code: "return syscall(272, 0x10000000) == 0", expect: "refused" },
  {
    name: "mount with the rights of a user namespace",
    code: "syscall(272, 0x10020000); return mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0",
    expect: "refused",
  },
  {
    name: "open a packet socket with the rights of a user namespace",
    code: "syscall(272, 0x50000000); return socket.socket(17, socket.SOCK_RAW, 3)",
    expect: "refused",
  },
  { name: "make a mount namespace", code: "return syscall(272, 0x20000) == 0", expect: "refused" },
  { name: "make a network namespace", code: "return syscall(272, 0x40000000) == 0", expect: "refused" },
  {
    name: "clone into a user namespace",
    code: "pid = syscall(56, 0x10000011, 0, 0, 0, 0)\nif pid == 0: os._exit(0)\nreturn pid > 0",
    expect: "refused",
  },
  {
    name: "clone3",
    code: "return syscall(435, ctypes.byref((ctypes.c_uint64 * 8)(0x10000000)), 64) >= 0",
    expect: "refused",
  },
  {
    name: "enter a namespace",
    code: "return syscall(308, os.open('/proc/self/ns/net', 0), 0) == 0",
    expect: "refused",
  },
  {
    name: "use a device",
    code: "os.mknod('/tmp/sda', 0o600 | 0o060000, os.makedev(8, 0)); return os.open('/tmp/sda', 0)",
    expect: "refused",
  },
  {
    name: "use a memory device",
    code: "os.mknod('/tmp/mem', 0o600 | 0o020000, os.makedev(1, 1)); return os.open('/tmp/mem', 0)",
    expect: "refused",
  },
  { name: "open a raw socket", code: "return socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)", expect: "refused" },
  { name: "open a packet socket", code: "return socket.socket(17, socket.SOCK_RAW, 3)", expect: "refused" },
  {
    name: "open a netlink socket that carries a program's messages",
    code: "return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 2)",
    expect: ownKernel,
    control: true,
  },
  {
    name: "attach a filter to a socket",
    code: `
instruction = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
program = struct.pack("HxxxxxxP", 1, ctypes.addressof(instruction))
socket.socket().setsockopt(socket.SOL_SOCKET, 26, program)
return True`,
    expect: "refused",
  },
  {
    name: "make an asynchronous I/O context",
    code: "return syscall(206, 1, ctypes.byref(ctypes.c_ulong())) == 0",
    expect: ownKernel,
    control: true,
  },
  { name: "open a vsock", code: "return socket.socket(40, socket.SOCK_STREAM)", expect: "refused" },
  { name: "open an alg socket", code: "return socket.socket(38, socket.SOCK_SEQPACKET)", expect: "refused" },
  call("io_uring_setup", 425, 8, "ctypes.create_string_buffer(120)"),
  call("userfaultfd", 323, 0),
  call("bpf", 321, 0, "ctypes.create_string_buffer(64)", 64),
  call("perf_event_open", 298, "ctypes.create_string_buffer(128)", 0, -1, -1, 0),
  call("keyctl", 250, 0, -3, 0),
  call("syslog", 103, 10, 0, 0),
  call("kexec_file_load", 320, 0, 0, 0, "b''", 0),
  call("init_module", 175, "b''", 0, "b''"),
  call("finit_module", 313, 0, "b''", 0),
  call("kexec_load", 246, 0, 0, 0, 0),
  call("open_by_handle_at", 304, -100, "ctypes.create_string_buffer(64)", 0),
  call("reboot", 169, "0xfee1dead", "672274793", 0, 0),
  call("swapon", 167, "b'/tmp/x'", 0),
  call("sethostname", 170, "b'x'", 1),
  call("settimeofday", 164, "ctypes.byref((ctypes.c_uint64 * 2)(0, 0))", 0),
  call("fsopen", 430, "b'tmpfs'", 0),
  call("move_mount", 429, -100, "b'/'", -100, "b'/tmp'", 0),
  call("pivot_root", 155, "b'/tmp'", "b'/tmp'"),
  call("iopl", 172, 3),
  call("modify_ldt", 154, 1, "ctypes.create_string_buffer(16)", 16),
  call("x32 getpid", 0x4000_0027),
  {
    name: "open a pathname socket of the host",
    code: "s = socket.socket(socket.AF_UNIX); s.connect('/run/dbus/system_bus_socket'); return True",
    expect: "refused",
  },
  {
    name: "open an abstract socket of the host",
    code: "s = socket.socket(socket.AF_UNIX); s.connect('\\0ABSTRACT_NAME'); return True",
    expect: "refused",
    control: true,
  },
];

/** One Python program that makes every attempt and prints a line of JSON for each: name, then what came of it. */
export const attemptProgram = (attempts: readonly EscapeAttempt[]): string => `
import ctypes, json, os, socket, struct, subprocess, time
libc = ctypes.CDLL(None, use_errno=True)
def checked(value):
    if value == -1: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return value
def syscall(*args):
    return checked(libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in args]))
def mount(*args): return checked(libc.mount(*args))
def umount(*args): return checked(libc.umount2(*args, 0))
open('/tmp/attempt', 'w').close()
${attempts
  .map(
    ({ code }, index) => `
def attempt_${index}():
${code
  .trim()
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}`,
  )
  .join("\n")}
for name, attempt in [${attempts.map(({ name }, index) => `(${JSON.stringify(name)}, attempt_${index})`).join(", ")}]:
    # One process each: rights won by one attempt must not help the next.
    child = os.fork()
    if child == 0:
        try:
            outcome = "got there" if attempt() else "nothing"
        except OSError as error:
            outcome = "refused " + str(error.strerror)
        os.write(1, (json.dumps([name, outcome]) + "\\n").encode())
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status != 0: print(json.dumps([name, f"nothing, ended by {status}"]), flush=True)
`;
