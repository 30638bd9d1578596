/* Starts programs: cold, or by handing a job to the interpreter that was started at boot. */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The pipe on which the pre-started interpreter reports that it is ready; -1 when there is none or it has its job. */
int warm_ready_fd = -1;
static int warm_job_fd = -1;
static char terminal_path[64];

struct reader { const uint8_t *at, *end; bool short_read; };

static uint64_t number(struct reader *from, size_t size) {
  uint64_t value = 0;
  if ((size_t)(from->end - from->at) < size) return from->short_read = true, 0;
  for (size_t i = 0; i < size; i++) value |= (uint64_t)from->at[i] << (8 * i);
  from->at += size;
  return value;
}

static char **strings(struct reader *from, int count) {
  char **list = calloc((size_t)count + 1, sizeof *list);
  for (int i = 0; list != NULL && i < count; i++) {
    size_t size = number(from, 4);
    if (from->short_read || (size_t)(from->end - from->at) < size) return from->short_read = true, NULL;
    if ((list[i] = strndup((const char *)from->at, size)) == NULL) return NULL;
    from->at += size;
  }
  return list;
}

/* START: flags u8 (1 warm, 2 terminal, 4 stdin), columns u16, rows u16, processes u32, descriptors u32,
   cpu seconds u32, file bytes u64, memory bytes u64, argc u16, envc u16, then argc + envc strings as length u32 and bytes. */
bool parse_start(const uint8_t *payload, size_t length, struct command *command) {
  struct reader from = {.at = payload, .end = payload + length};
  uint8_t flags = (uint8_t)number(&from, 1);
  command->warm = (flags & 1) != 0;
  command->terminal = (flags & 2) != 0;
  command->has_stdin = (flags & 4) != 0;
  command->columns = (uint16_t)number(&from, 2);
  command->rows = (uint16_t)number(&from, 2);
  command->processes = (uint32_t)number(&from, 4);
  command->descriptors = (uint32_t)number(&from, 4);
  command->cpu_seconds = (uint32_t)number(&from, 4);
  command->file_bytes = number(&from, 8);
  command->memory_bytes = number(&from, 8);
  command->argc = (int)number(&from, 2);
  command->envc = (int)number(&from, 2);
  if (from.short_read || command->argc == 0) return false;
  command->argv = strings(&from, command->argc);
  command->env = command->argv == NULL ? NULL : strings(&from, command->envc);
  return command->env != NULL && from.at == from.end;
}

/* In gVisor /dev/tty cannot be opened (EIO), with a terminal or without. It is replaced: with a terminal by a link to it, without one by a
   socket, which gives ENXIO as Linux does. */
static bool tty_is_replaced;

void terminal_replace_broken_tty(void) {
  int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd >= 0) close(fd);
  else if (errno == EIO && unlink("/dev/tty") == 0 && mknod("/dev/tty", S_IFSOCK | 0666, 0) == 0)
    tty_is_replaced = chmod("/dev/tty", 0666) == 0; /* whatever the umask */
}

/* Returns the master, and init's own descriptor of the slave in *slave; -1 with errno on failure. */
static int open_terminal(const struct command *command, int *slave) {
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (master < 0 || unlockpt(master) != 0 || ptsname_r(master, terminal_path, sizeof terminal_path) != 0) return -1;
  if (chown(terminal_path, PROGRAM_UID, PROGRAM_UID) != 0) return -1;
  *slave = open(terminal_path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  struct winsize size = {.ws_col = command->columns, .ws_row = command->rows};
  ioctl(master, TIOCSWINSZ, &size);
  if (tty_is_replaced && (unlink("/dev/tty") != 0 || symlink(terminal_path, "/dev/tty") != 0)) return -1;
  return *slave < 0 ? -1 : master;
}

/* The child's half of the three pipes, or the ends that init keeps. */
struct pipes { int child[3], init[3]; };

static bool open_pipes(struct pipes *pipes, bool has_stdin) {
  int in[2] = {-1, -1}, out[2], err[2];
  if (has_stdin) {
    if (pipe2(in, O_CLOEXEC) != 0) return false;
    fcntl(in[1], F_SETFL, O_NONBLOCK);
  } else if ((in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0) {
    return false;
  }
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) return false;
  fcntl(out[0], F_SETFL, O_NONBLOCK);
  fcntl(err[0], F_SETFL, O_NONBLOCK);
  /* Without this the program could use them, but not open them as /dev/stdin, /dev/stdout or /dev/fd/N. */
  int shared[3] = {has_stdin ? in[0] : -1, out[1], err[1]};
  for (int i = 0; i < 3; i++)
    if (shared[i] >= 0 && fchown(shared[i], PROGRAM_UID, PROGRAM_UID) != 0) return false;
  *pipes = (struct pipes){{in[0], out[1], err[1]}, {in[1], out[0], err[0]}};
  return true;
}

static void close_child_ends(struct pipes *pipes) {
  for (int i = 0; i < 3; i++) close(pipes->child[i]);
}

/* In the child: its own session and user, no privilege, default signals. fds[] become 0, 1, 2, …; the rest close on exec. */
static void settle(const int *fds, int count) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  /* Writing beyond the limit gives the program an error (EFBIG) and does not end it. */
  signal(SIGXFSZ, SIG_IGN);
  sigprocmask(SIG_SETMASK, &none, NULL);
  int high[8];
  for (int i = 0; i < count; i++)
    if ((high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 16)) < 0) fail("move a descriptor");
  for (int i = 0; i < count; i++)
    if (dup2(high[i], i) < 0) fail("place a descriptor");
  if (setgroups(0, NULL) != 0 && errno != EPERM) fail("leave groups");
  if (setresgid(PROGRAM_UID, PROGRAM_UID, PROGRAM_UID) != 0 || setresuid(PROGRAM_UID, PROGRAM_UID, PROGRAM_UID) != 0)
    fail("become the program's user");
  drop_everything();
  umask(022);
  /* The kernel's OOM killer kills the program before init. */
  int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0) {
    if (write(score, "500", 3) != 3) errno = 0;
    close(score);
  }
  if (chdir(PROJECT) != 0) fail("enter the project");
}

_Noreturn static void become(const struct command *command, const int *fds) {
  setsid();
  limit_process(0, command);
  int ends[3] = {fds[0], fds[1], fds[2]};
  if (command->terminal) {
    int terminal = open(terminal_path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) != 0) fail("open the terminal");
    ends[0] = ends[1] = ends[2] = terminal;
  }
  settle(ends, 3);
  environ = command->env;
  execvpe(command->argv[0], command->argv, command->env);
  int reason = errno;
  dprintf(2, "cannot start %s: %s\n", command->argv[0], strerror(reason));
  _exit(reason == ENOENT ? 127 : 126);
}

/* Returns 0, or -1 with errno. */
int spawn_command(const struct command *command, struct job *job) {
  struct pipes pipes = {{-1, -1, -1}, {-1, -1, -1}};
  int master = -1, slave = -1;
  if (command->terminal) {
    if ((master = open_terminal(command, &slave)) < 0) return -1;
  } else if (!open_pipes(&pipes, command->has_stdin)) {
    return -1;
  }
  pid_t pid = fork();
  if (pid < 0) return -1;
  if (pid == 0) become(command, pipes.child);
  if (command->terminal) *job = (struct job){pid, true, true, master, master, -1, slave};
  else {
    close_child_ends(&pipes);
    *job = (struct job){pid, true, false, pipes.init[0], pipes.init[1], pipes.init[2], -1};
  }
  return 0;
}

/* Starts the interpreter ahead of its job: it reads the job from descriptor 3, and writes a byte to descriptor 4 each time it is ready. */
int spawn_warm(char **argv, struct job *job) {
  struct pipes pipes;
  int task[2], ready[2];
  if (!open_pipes(&pipes, true) || pipe2(task, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0) return -1;
  pid_t pid = fork();
  if (pid < 0) return -1;
  if (pid == 0) {
    int ends[5] = {pipes.child[0], pipes.child[1], pipes.child[2], task[0], ready[1]};
    setsid();
    limit_rehearsal();
    settle(ends, 5);
    execvp(argv[0], argv);
    fail(argv[0]);
  }
  close_child_ends(&pipes);
  close(task[0]);
  close(ready[1]);
  warm_job_fd = task[1];
  warm_ready_fd = ready[0];
  *job = (struct job){pid, true, false, pipes.init[0], pipes.init[1], pipes.init[2], -1};
  return 0;
}

static bool write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t count = write(fd, bytes, length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes += count;
    length -= (size_t)count;
  }
  return true;
}

/* The interpreter executes the command and reports ready again. */
int spawn_ask(uint32_t question) {
  if (warm_ready_fd < 0) return errno = ESRCH, -1;
  return write_all(warm_job_fd, (const char *)&question, sizeof question) ? 0 : -1;
}

/* Closes the pipe on which the interpreter reports that it is ready: it takes its job now, or another program replaces it. */
void spawn_warm_done(void) {
  if (warm_ready_fd >= 0) close(warm_ready_fd);
  warm_ready_fd = -1;
}

/* The job as one line of fields, each ended by a zero byte: terminal path, argc, argv…, env…; before it the length, u32. */
int spawn_give(const struct command *command, struct job *job) {
  limit_process(job->pid, command);
  if (command->terminal) {
    int master = open_terminal(command, &job->slave);
    if (master < 0) return -1;
    close(job->in);
    close(job->out);
    close(job->err);
    job->terminal = true;
    job->in = job->out = master;
    job->err = -1;
  }
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (out == NULL) return -1;
  uint32_t space = 0;
  fwrite(&space, sizeof space, 1, out);
  fprintf(out, "%s%c%d%c", command->terminal ? terminal_path : "", 0, command->argc, 0);
  for (int i = 0; i < command->argc; i++) fprintf(out, "%s%c", command->argv[i], 0);
  for (int i = 0; i < command->envc; i++) fprintf(out, "%s%c", command->env[i], 0);
  fclose(out);
  uint32_t length = (uint32_t)(size - sizeof length);
  memcpy(text, &length, sizeof length);
  bool given = write_all(warm_job_fd, text, size);
  close(warm_job_fd);
  free(text);
  if (!command->has_stdin && !command->terminal) {
    close(job->in);
    job->in = -1;
  }
  return given ? 0 : -1;
}
