/* Process 1 of every sandbox: boots it, starts the waiting interpreter, and serves one job for the host. */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static struct job warm = {.in = -1, .out = -1, .err = -1, .slave = -1};
static bool user_code_ran;
/* A file could not be written: all later files are skipped, and the host gets the reason. */
static bool files_failed;

static struct boot_options parse_options(char **argv) {
  struct boot_options options = {.disk = "size=16m", .identity = "separate", .layers = 1};
  int most_trees = (int)(sizeof options.trees / sizeof *options.trees);
  for (argv++; *argv != NULL; argv++) {
    if (strncmp(*argv, "--disk=", 7) == 0) options.disk = *argv + 7;
    else if (strncmp(*argv, "--identity=", 11) == 0) options.identity = *argv + 11;
    else if (strncmp(*argv, "--memory=", 9) == 0) options.memory_bytes = strtoull(*argv + 9, NULL, 10);
    else if (strncmp(*argv, "--seccomp=", 10) == 0) options.seccomp = *argv + 10;
    else if (strncmp(*argv, "--layers=", 9) == 0) options.layers = atoi(*argv + 9);
    else if (strncmp(*argv, "--tree=", 7) == 0 && options.tree_count < most_trees) options.trees[options.tree_count++] = *argv + 7;
    else if (strcmp(*argv, "--hide-host") == 0) options.hide_host = true;
    else if (strcmp(*argv, "--") == 0 && argv[1] != NULL) {
      options.warm_up = argv + 1;
      break;
    }
  }
  return options;
}

static void send_failure(const char *what) {
  char text[256];
  int length = snprintf(text, sizeof text, "cannot %s: %s", what, strerror(errno));
  channel_send(TO_HOST_FAILED, text, (size_t)length);
}

static void discard_warm(void) {
  if (warm.pid == 0) return;
  kill(warm.pid, SIGKILL);
  waitpid(warm.pid, NULL, 0);
  close(warm.in);
  close(warm.out);
  close(warm.err);
  warm.pid = 0;
}

static void start(const struct frame *frame) {
  struct command command;
  struct job job;
  file_close();
  if (relay_active() || !parse_start(frame->payload, frame->length, &command)) {
    errno = EINVAL;
    send_failure("read the job");
    return;
  }
  user_code_ran = true;
  spawn_warm_done();
  inside_tell_memory(command.memory_bytes);
  /* Sent before the program starts: after this frame a lost run is not retried, because the program may have run. */
  channel_send(TO_HOST_STARTED, "", 0);
  channel_flush_blocking();
  int outcome;
  if (command.warm && warm.pid != 0) {
    job = warm;
    warm.pid = 0;
    outcome = spawn_give(&command, &job);
  } else {
    discard_warm();
    outcome = spawn_command(&command, &job);
  }
  if (outcome != 0) send_failure("start the program");
  else relay_begin(job);
}

static unsigned u16(const uint8_t *at) { return (unsigned)at[0] | (unsigned)at[1] << 8; }

static void handle(const struct frame *frame) {
  switch (frame->type) {
    case FROM_HOST_FILE:
      if (!user_code_ran && !files_failed) files_failed = !file_open(frame->payload, frame->length);
      break;
    case FROM_HOST_FILE_DATA:
      if (!user_code_ran && !files_failed) files_failed = !file_append(frame->payload, frame->length);
      break;
    case FROM_HOST_START:
      if (!files_failed) start(frame);
      break;
    case FROM_HOST_REHEARSE:
    case FROM_HOST_PREPARE:
      if (frame->type == FROM_HOST_REHEARSE) inside_renew();
      if (!user_code_ran && spawn_ask(frame->type == FROM_HOST_PREPARE ? ASK_PREPARE : ASK_REHEARSE) == 0) break;
      send_failure("ask the waiting interpreter");
      break;
    case FROM_HOST_STDIN:
      if (!relay_stdin(frame->payload, frame->length)) {
        errno = EOVERFLOW;
        send_failure("take more input than was asked for");
      }
      break;
    case FROM_HOST_STDIN_END: relay_stdin_end(); break;
    case FROM_HOST_SIGNAL:
      if (frame->length == 1) relay_signal(frame->payload[0]);
      break;
    case FROM_HOST_END: relay_end(); break;
    case FROM_HOST_PROBE: {
      uint8_t payload[1] = {relay_waits()};
      channel_send(TO_HOST_WAITS, payload, sizeof payload);
      break;
    }
    case FROM_HOST_LIST:
      if (user_code_ran && !relay_active()) collect_list();
      break;
    case FROM_HOST_FETCH:
      if (user_code_ran && !relay_active()) collect_fetch(frame->payload, frame->length);
      break;
    case FROM_HOST_RESIZE:
      if (frame->length == 4) relay_resize((uint16_t)u16(frame->payload), (uint16_t)u16(frame->payload + 2));
      break;
    default:
      errno = EPROTO;
      send_failure("understand the host");
  }
}

static void reap(int signals) {
  struct signalfd_siginfo info[8];
  while (read(signals, info, sizeof info) > 0) continue;
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (WIFSTOPPED(status)) {
      /* The process made its parent its tracer, with PTRACE_TRACEME. Init traces no process: it detaches and delivers the signal. */
      ptrace(PTRACE_DETACH, pid, NULL, (void *)(long)WSTOPSIG(status));
      continue;
    }
    if (warm.pid == pid) fail("keep the waiting interpreter alive");
    relay_child_ended(pid, status);
  }
}

static void send_ready(bool may_be_copied) {
  uint8_t payload[1] = {may_be_copied};
  channel_send(TO_HOST_READY, payload, sizeof payload);
}

/* `C`: the interpreter is ready, supports copies, and will report again after ASK_PREPARE or ASK_REHEARSE; any other byte: it is ready. */
static void interpreter_spoke(void) {
  char byte;
  if (read(warm_ready_fd, &byte, 1) != 1) fail("hear from the waiting interpreter");
  if (byte != 'C') spawn_warm_done();
  send_ready(byte == 'C');
}

/* The program of the tier probe, whose root is empty: reports that it is ready and waits until it is killed. */
static int answer(void) {
  if (write(4, "R", 1) != 1) return 1;
  for (;;) pause();
}

static int watch_children(void) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, NULL);
  int signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) fail("watch children");
  return signals;
}

int main(int argc, char **argv) {
  if (argc < 2) return 64;
  if (strcmp(argv[1], "launch") == 0) return launch(argv + 2);
  if (strcmp(argv[1], "shim") == 0) return shim(argv + 2);
  if (strcmp(argv[1], "answer") == 0) return answer();
  struct boot_options options = parse_options(argv);
  close_range(3, ~0u, 0); /* descriptors that the launcher left open */
  boot(&options);
  channel_open();
  int signals = watch_children();
  if (options.warm_up == NULL) send_ready(false);
  else if (spawn_warm(options.warm_up, &warm) != 0) fail("start the interpreter");

  for (;;) {
    channel_flush();
    struct pollfd polled[8] = {
        {.fd = 0, .events = POLLIN},
        {.fd = signals, .events = POLLIN},
        {.fd = channel_pending() ? 1 : -1, .events = POLLOUT},
        {.fd = warm_ready_fd, .events = POLLIN},
    };
    int count = relay_poll(polled, 4);
    if (poll(polled, (nfds_t)count, relay_timeout()) < 0 && errno != EINTR) fail("wait");
    if (polled[0].revents != 0) {
      if (!channel_receive()) _exit(0); /* the host has gone: process 1 takes everything with it */
      for (struct frame frame; channel_next(&frame);) handle(&frame);
    }
    relay_polled(polled + 4, count - 4);
    if (polled[3].revents != 0 && warm_ready_fd >= 0) interpreter_spoke();
    if (polled[1].revents != 0) reap(signals);
    relay_step();
  }
}
