/* On the host: `init shim` owns the pipes of a sandbox that may outlive the server process which booted it. A server process attaches by a
   unix socket; when it dies another one may attach until a deadline. Input is forwarded in whole frames. Output is kept until it is
   acknowledged, so that the next server process continues at the start of a frame.

   init shim --folder SANDBOX_FOLDER --grace MS [--cpu-file CGROUP_FILE --cpu MS] -- TOOL [ARGUMENT]… */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Messages on the socket have the header of frames. From the server: frames for the sandbox, and these. */
enum from_server {
  FROM_SERVER_ACKNOWLEDGE = 0xe1, /* count u32: bytes of the sandbox's output that the server has processed */
  FROM_SERVER_END = 0xe2,         /* kill the sandbox, and end */
};
#define FIRST_OWN_TYPE 0xe0

enum to_server {
  TO_SERVER_DATA = 0xf1,  /* bytes of the sandbox's output */
  TO_SERVER_ENDED = 0xf2, /* last message, the tool has ended: the reason as a sentence; at most COMPLAINT_BYTES */
};

#define SOCKET_NAME "shim.sock"
#define RING_BYTES (256 * 1024)
#define MESSAGE_BYTES 65536
#define COMPLAINT_BYTES 2048
/* Bytes of frames that the sandbox has not read yet; above this the server's socket is not read. The largest frame is half of it. */
#define INPUT_MAX (2 * CONTROL_PAYLOAD_MAX)
#define METER_MS 250

/* A queue of bytes: those from `start` to `end`. */
struct buffer { uint8_t *bytes; size_t start, end, size; };

/* The sandbox's output: positions count from the start of the sandbox. Acknowledged bytes are overwritten. */
static uint8_t ring[RING_BYTES];
static uint64_t ring_read, ring_sent, ring_acknowledged;

static struct buffer from_server, to_tool;
static uint8_t message[FRAME_HEADER + MESSAGE_BYTES];
static size_t message_start, message_end;
static char complaint[COMPLAINT_BYTES];
static size_t complaint_length;
static const char *verdict = "";

static int listener = -1, server = -1, tool_in = -1, tool_out = -1, tool_err = -1;
static pid_t tool;
static bool tool_ended, said_ended;
static int64_t deadline_ms, grace_ms;

/* The CPU time that the sandbox may use while no server measures it. */
static const char *cpu_file;
static uint64_t cpu_budget_us, cpu_left_at_us;

_Noreturn static void give_up(const char *what) {
  dprintf(2, "shim: cannot %s: %s\n", what, strerror(errno));
  _exit(72);
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t unread(const struct buffer *buffer) { return buffer->end - buffer->start; }

static void make_space(struct buffer *buffer, size_t space) {
  if (buffer->size - buffer->end >= space) return;
  memmove(buffer->bytes, buffer->bytes + buffer->start, unread(buffer));
  buffer->end -= buffer->start;
  buffer->start = 0;
  /* Moved only when half of it is free, so that a byte is moved about once. */
  if (buffer->size / 2 >= buffer->end + space) return;
  buffer->size = 2 * (buffer->end + space);
  buffer->bytes = realloc(buffer->bytes, buffer->size);
  if (buffer->bytes == NULL) give_up("allocate a buffer");
}

static void clear(struct buffer *buffer) { buffer->start = buffer->end = 0; }

static uint32_t u32(const uint8_t *at) { return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24; }

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void unblock(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

/* cpu.stat of version 2 begins with microseconds, cpuacct.usage of version 1 is nanoseconds. 0 where it can't be read. */
static uint64_t cpu_us(void) {
  char text[128] = "";
  int fd = cpu_file == NULL ? -1 : open(cpu_file, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (size <= 0) return 0;
  static const char usage[] = "usage_usec ";
  if (strncmp(text, usage, sizeof usage - 1) == 0) return strtoull(text + sizeof usage - 1, NULL, 10);
  return strtoull(text, NULL, 10) / 1000;
}

/* The tool's child processes end with it: init and gVisor's processes have a parent-death signal. */
static void kill_tool(void) {
  if (!tool_ended) kill(tool, SIGKILL);
}

static void be_alone(void) {
  close_fd(&server);
  clear(&from_server);
  message_start = message_end = 0;
  ring_sent = ring_acknowledged;
  deadline_ms = now_ms() + grace_ms;
  cpu_left_at_us = cpu_us();
}

/* A new connection replaces the earlier one: a server process attaches only after the earlier process has lost the sandbox. */
static void accept_server(void) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid()) {
    close(fd);
    return;
  }
  be_alone();
  server = fd;
  said_ended = false;
}

static void handle(uint8_t type, const uint8_t *frame, size_t length) {
  if (type < FIRST_OWN_TYPE) {
    if (tool_in < 0) return;
    make_space(&to_tool, length);
    memcpy(to_tool.bytes + to_tool.end, frame, length);
    to_tool.end += length;
  } else if (type == FROM_SERVER_ACKNOWLEDGE && length == FRAME_HEADER + 4) {
    uint64_t count = u32(frame + FRAME_HEADER);
    if (count <= ring_sent - ring_acknowledged) ring_acknowledged += count;
  } else if (type == FROM_SERVER_END) {
    kill_tool();
    _exit(0);
  }
}

/* Only whole frames are forwarded, so that the sandbox can read the next one after a server has died in the middle of a frame. */
static void read_server(void) {
  make_space(&from_server, MESSAGE_BYTES);
  ssize_t count = read(server, from_server.bytes + from_server.end, from_server.size - from_server.end);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return be_alone();
  from_server.end += (size_t)count;
  while (unread(&from_server) >= FRAME_HEADER) {
    const uint8_t *at = from_server.bytes + from_server.start;
    size_t length = FRAME_HEADER + (size_t)u32(at + 1);
    if (length > FRAME_HEADER + CONTROL_PAYLOAD_MAX) return be_alone();
    if (unread(&from_server) < length) break;
    handle(at[0], at, length);
    from_server.start += length;
  }
}

static void write_tool(void) {
  ssize_t count = write(tool_in, to_tool.bytes + to_tool.start, unread(&to_tool));
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) {
    close_fd(&tool_in);
    return clear(&to_tool);
  }
  to_tool.start += (size_t)count;
  if (unread(&to_tool) == 0) clear(&to_tool);
}

static size_t ring_space(void) { return RING_BYTES - (size_t)(ring_read - ring_acknowledged); }

static void read_tool(void) {
  size_t at = (size_t)(ring_read % RING_BYTES), space = ring_space();
  if (space > RING_BYTES - at) space = RING_BYTES - at;
  ssize_t count = read(tool_out, ring + at, space);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return close_fd(&tool_out);
  ring_read += (uint64_t)count;
}

static void read_complaint(void) {
  char text[COMPLAINT_BYTES];
  ssize_t count = read(tool_err, text, sizeof text);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return close_fd(&tool_err);
  size_t kept = complaint_length;
  if (kept + (size_t)count > sizeof complaint) kept = sizeof complaint - (size_t)count;
  memmove(complaint, complaint + complaint_length - kept, kept);
  memcpy(complaint + kept, text, (size_t)count);
  complaint_length = kept + (size_t)count;
}

static void begin_message(uint8_t type, size_t length) {
  message[0] = type;
  for (int i = 0; i < 4; i++) message[1 + i] = (uint8_t)(length >> (8 * i));
  message_start = 0;
  message_end = FRAME_HEADER + length;
}

static bool is_all_read(void) { return tool_ended && tool_out < 0 && tool_err < 0; }

/* Builds the next message when the last one has been sent. */
static void fill_message(void) {
  if (server < 0 || message_start < message_end) return;
  size_t unsent = (size_t)(ring_read - ring_sent);
  if (unsent > 0) {
    size_t at = (size_t)(ring_sent % RING_BYTES);
    if (unsent > RING_BYTES - at) unsent = RING_BYTES - at;
    if (unsent > MESSAGE_BYTES) unsent = MESSAGE_BYTES;
    memcpy(message + FRAME_HEADER, ring + at, unsent);
    ring_sent += unsent;
    begin_message(TO_SERVER_DATA, unsent);
  } else if (is_all_read() && !said_ended) {
    said_ended = true;
    int length = snprintf((char *)message + FRAME_HEADER, MESSAGE_BYTES, "%s%.*s", verdict, (int)complaint_length, complaint);
    begin_message(TO_SERVER_ENDED, (size_t)length);
  }
}

static void write_server(void) {
  ssize_t count = write(server, message + message_start, message_end - message_start);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) return be_alone();
  message_start += (size_t)count;
}

static void start_listening(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_NAME};
  listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  umask(0077);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4) != 0) give_up("listen");
  umask(0022);
}

/* Descriptors from 3 on are the tool's: they were opened for it by the server that boots the sandbox. */
static void start_tool(char **argv) {
  int in[2], out[2], err[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) give_up("make pipes");
  tool = fork();
  if (tool < 0) give_up("fork");
  if (tool == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    if (chdir("/") != 0) _exit(72);
    execv(argv[0], argv);
    give_up("start the tool");
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  tool_in = in[1];
  tool_out = out[0];
  tool_err = err[0];
  unblock(tool_in);
  unblock(tool_out);
  unblock(tool_err);
}

static void reap(int signals) {
  struct signalfd_siginfo info[8];
  while (read(signals, info, sizeof info) > 0) continue;
  if (waitpid(tool, NULL, WNOHANG) != tool) return;
  tool_ended = true;
  close_fd(&tool_in);
  clear(&to_tool);
}

/* Without a server the sandbox has a deadline, and a budget of CPU time. Memory is limited by its cgroup. */
static void check_alone(void) {
  if (server >= 0) return;
  if (now_ms() >= deadline_ms) {
    kill_tool();
    _exit(0);
  }
  if (cpu_budget_us == 0 || tool_ended || *verdict != '\0' || cpu_us() - cpu_left_at_us <= cpu_budget_us) return;
  verdict = "it used all the CPU time that it may use without a server. ";
  kill_tool();
}

static int wait_ms(void) {
  if (server >= 0) return -1;
  int64_t left = deadline_ms - now_ms();
  if (cpu_budget_us > 0 && left > METER_MS) left = METER_MS;
  return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

int shim(char **argument) {
  const char *folder = NULL;
  for (; *argument != NULL && strcmp(*argument, "--") != 0 && argument[1] != NULL; argument += 2) {
    if (strcmp(*argument, "--folder") == 0) folder = argument[1];
    else if (strcmp(*argument, "--grace") == 0) grace_ms = strtoll(argument[1], NULL, 10);
    else if (strcmp(*argument, "--cpu-file") == 0) cpu_file = argument[1];
    else if (strcmp(*argument, "--cpu") == 0) cpu_budget_us = strtoull(argument[1], NULL, 10) * 1000;
    else break;
  }
  if (folder == NULL || grace_ms <= 0 || *argument == NULL || argument[1] == NULL) {
    dprintf(2, "shim: cannot understand its arguments\n");
    return 64;
  }
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, NULL);
  int signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0 || chdir(folder) != 0) give_up("enter the sandbox's folder");
  start_tool(argument + 1);
  /* Close all descriptors of the server that boots the sandbox: its pipes must end with it. */
  for (int fd = 3; fd < 16; fd++)
    if (fd != signals && fd != tool_in && fd != tool_out && fd != tool_err) close(fd);
  be_alone();
  start_listening();
  for (;;) {
    fill_message();
    struct pollfd polled[] = {
        {.fd = listener, .events = POLLIN},
        {.fd = signals, .events = POLLIN},
        {.fd = server, .events = (short)((unread(&to_tool) < INPUT_MAX ? POLLIN : 0) | (message_start < message_end ? POLLOUT : 0))},
        {.fd = unread(&to_tool) > 0 ? tool_in : -1, .events = POLLOUT},
        {.fd = ring_space() > 0 ? tool_out : -1, .events = POLLIN},
        {.fd = tool_err, .events = POLLIN},
    };
    if (poll(polled, sizeof polled / sizeof *polled, wait_ms()) < 0 && errno != EINTR) give_up("wait");
    if (polled[1].revents != 0) reap(signals);
    if (polled[3].revents != 0 && tool_in >= 0) write_tool();
    if (polled[4].revents != 0 && tool_out >= 0) read_tool();
    if (polled[5].revents != 0 && tool_err >= 0) read_complaint();
    if ((polled[2].revents & POLLOUT) != 0 && server >= 0) write_server();
    if ((polled[2].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && server >= 0) read_server();
    if (polled[0].revents != 0) accept_server();
    check_alone();
  }
}
