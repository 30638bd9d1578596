/* Detects whether a program waits for input: one of its threads is blocked reading the run's input, and there is no input. A sleeping
   program does not wait. On the host's kernel /proc shows the system call in which a thread is blocked. gVisor's /proc does not, so there
   each thread is stopped for some microseconds and its registers are read. */
#define _GNU_SOURCE
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
#include <sys/user.h>
#else
#include <asm/ptrace.h>
#endif

#define MOST_THREADS 512
#define NT_PRSTATUS_SET 1

struct call { long number; unsigned long arguments[6]; };

/* The state of all threads together. */
struct finding {
  bool reads;       /* a thread is blocked reading the input */
  bool polls;       /* a thread waits for events without a timeout, and has the input open */
  bool has_timer;   /* a thread has a timer or sleeps */
  bool runs;        /* a thread is not blocked */
  bool is_unknown;  /* a thread cannot be examined */
};

static struct stat input_about;
static bool input_is_terminal;

static bool is_input(pid_t pid, unsigned long fd) {
  char path[64];
  struct stat about;
  if (fd > INT_MAX) return false;
  snprintf(path, sizeof path, "/proc/%d/fd/%lu", (int)pid, fd);
  if (stat(path, &about) != 0) return false;
  if (!input_is_terminal) return S_ISFIFO(about.st_mode) && about.st_ino == input_about.st_ino && about.st_dev == input_about.st_dev;
  /* 5:0 is /dev/tty, the controlling terminal. */
  return S_ISCHR(about.st_mode) && (about.st_rdev == input_about.st_rdev || about.st_rdev == 0x500);
}

static bool could_read_input(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
  DIR *entries = opendir(path);
  bool could = false;
  for (struct dirent *entry; entries != NULL && !could && (entry = readdir(entries)) != NULL;)
    could = entry->d_name[0] != '.' && is_input(pid, strtoul(entry->d_name, NULL, 10));
  if (entries != NULL) closedir(entries);
  return could;
}

static void consider(pid_t pid, const struct call *call, struct finding *found) {
  const unsigned long *argument = call->arguments;
  bool waits_for_events = true, ends = false;
  switch (call->number) {
    case SYS_read:
    case SYS_readv:
      if (is_input(pid, argument[0])) found->reads = true;
      return;
#ifdef SYS_poll
    case SYS_poll: ends = (int)argument[2] >= 0; break;
    case SYS_select: ends = argument[4] != 0; break;
    case SYS_epoll_wait: ends = (int)argument[3] >= 0; break;
#endif
    case SYS_ppoll: ends = argument[2] != 0; break;
    case SYS_pselect6: ends = argument[4] != 0; break;
    case SYS_epoll_pwait: ends = (int)argument[3] >= 0; break;
#ifdef SYS_epoll_pwait2
    case SYS_epoll_pwait2: ends = argument[3] != 0; break;
#endif
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_restart_syscall: waits_for_events = false, ends = true; break;
    case SYS_futex: waits_for_events = false, ends = argument[3] != 0; break;
    case SYS_rt_sigtimedwait: waits_for_events = false, ends = argument[2] != 0; break;
    default: waits_for_events = false;
  }
  if (ends) found->has_timer = true;
  else if (waits_for_events && could_read_input(pid)) found->polls = true;
}

enum look { BLOCKED, RUNNING, UNKNOWN };

/* `running`, or the call's number, six arguments, stack and program pointers; a number of -1 is no call. */
static enum look look_in_proc(pid_t pid, pid_t thread, struct call *call) {
  char path[96], text[256];
  snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", (int)pid, (int)thread);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (size <= 0) return UNKNOWN;
  text[size] = '\0';
  if (strncmp(text, "running", 7) == 0) return RUNNING;
  unsigned long *a = call->arguments;
  bool is_whole = sscanf(text, "%ld %lx %lx %lx %lx %lx %lx", &call->number, a, a + 1, a + 2, a + 3, a + 4, a + 5) == 7;
  return is_whole && call->number >= 0 ? BLOCKED : UNKNOWN;
}

static enum look look_by_ptrace(pid_t thread, struct call *call) {
  int status;
  enum look seen = UNKNOWN;
  if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) != 0) return UNKNOWN;
  if (ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) == 0 && waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status)) {
#ifdef __x86_64__
    struct user_regs_struct registers;
#else
    struct user_pt_regs registers;
#endif
    struct iovec all = {&registers, sizeof registers};
    if (ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS_SET, &all) == 0) {
#ifdef __x86_64__
      *call = (struct call){(long)registers.orig_rax,
                            {registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9}};
#else
      *call = (struct call){(long)registers.regs[8], {0}};
      for (int i = 0; i < 6; i++) call->arguments[i] = registers.regs[i];
#endif
      /* Outside a call the number is -1. */
      seen = call->number >= 0 ? BLOCKED : RUNNING;
    }
  }
  ptrace(PTRACE_DETACH, thread, NULL, NULL);
  return seen;
}

static void look_at_process(pid_t pid, struct finding *found, int *threads) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  DIR *entries = opendir(path);
  for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
    struct call call;
    pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
    if (thread <= 0) continue;
    enum look seen = UNKNOWN;
    if (++*threads <= MOST_THREADS) seen = in_gvisor ? look_by_ptrace(thread, &call) : look_in_proc(pid, thread, &call);
    if (seen == BLOCKED) consider(pid, &call, found);
    else if (seen == RUNNING) found->runs = true;
    else found->is_unknown = true;
  }
  if (entries != NULL) closedir(entries);
}

static bool is_zombie(pid_t pid) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (size <= 0) return true;
  text[size] = '\0';
  const char *name_end = strrchr(text, ')');
  return name_end == NULL || name_end[1] == '\0' || name_end[2] == 'Z' || name_end[2] == 'X';
}

static bool look_at_all(pid_t self) {
  struct finding found = {0};
  int threads = 0;
  DIR *entries = opendir("/proc");
  for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
    pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
    if (pid <= 1 || pid == self || is_zombie(pid)) continue;
    look_at_process(pid, &found, &threads);
  }
  if (entries != NULL) closedir(entries);
  /* A program with a runnable thread does not wait, even if another thread reads the input. CPU time is no criterion: on a busy machine a
     runnable thread may not get any. */
  return !found.runs && (found.reads || (found.polls && !found.has_timer && !found.is_unknown));
}

/* A child process examines the threads. If it does not finish within a second it is killed, which releases the thread that it traces. */
static bool look_from_child(void) {
  int status;
  pid_t pid = fork();
  if (pid < 0) return false;
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    alarm(1);
    _exit(look_at_all(getpid()) ? 42 : 1);
  }
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) && WEXITSTATUS(status) == 42;
}

bool waits_for_input(int input, bool is_terminal) {
  int unread = 0;
  if (input < 0 || fstat(input, &input_about) != 0) return false;
  if (ioctl(input, FIONREAD, &unread) != 0 || unread > 0) return false;
  input_is_terminal = is_terminal;
  return in_gvisor ? look_from_child() : look_at_all(0);
}
