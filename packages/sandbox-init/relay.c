/* Relays a running program's input and output, and ends the run at the main process's exit plus a limited time for remaining output. */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* How long other processes may write after the main process has ended. */
#define DRAIN_MS 150
/* Reads of many small writes are batched at this interval: a wake-up of this process and the host for each line costs a program in gVisor
   0.3 ms a line. */
#define BURST_READS 16
#define BURST_GAP_MS 10
#define BURST_PAUSE_MS 2
/* A terminal gives 4,095 bytes at most in one read. */
#define BURST_ENOUGH_BYTES 2048
/* A terminal's unfinished line has less. */
#define LINE_MAX_BYTES 4096
#define ERASE 0x7f

static struct job job = {.in = -1, .out = -1, .err = -1, .slave = -1};
static bool active;
static uint8_t input[STDIN_WINDOW];
static size_t input_start, input_end;
static bool input_ended;
/* Upper bound of the bytes in the terminal's unfinished line; the user may have erased some. */
static size_t line_bytes;
static int exit_status;
static int64_t drain_until;
static bool all_killed;
static struct rusage before;
/* Number of reads of one stream in quick succession, and the time until which the stream is not read, to batch its output. */
static struct {
  int fd;
  unsigned reads;
  int64_t last_ms, pause_until_ms;
  /* The next poll leaves this stream out, so it needs a timeout. */
  bool is_left_out;
} burst;

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void close_input(void) {
  if (job.terminal) return;
  close_fd(&job.in);
}

bool relay_active(void) { return active; }

void relay_begin(struct job started) {
  job = started;
  active = true;
  input_start = input_end = line_bytes = 0;
  input_ended = all_killed = false;
  drain_until = 0;
  memset(&burst, 0, sizeof burst);
  getrusage(RUSAGE_CHILDREN, &before);
}

static void taken(size_t count) {
  uint8_t payload[4] = {(uint8_t)count, (uint8_t)(count >> 8), (uint8_t)(count >> 16), (uint8_t)(count >> 24)};
  if (count > 0) channel_send(TO_HOST_STDIN_TAKEN, payload, sizeof payload);
}

static void write_input(void) {
  size_t done = 0;
  while (job.in >= 0 && input_start < input_end) {
    ssize_t count = write(job.in, input + input_start, input_end - input_start);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) {
      /* The program closed its input: the remaining input has no reader. */
      close_input();
      break;
    }
    input_start += (size_t)count;
    done += (size_t)count;
  }
  if (job.in < 0) {
    done += input_end - input_start;
    input_start = input_end;
  }
  if (input_start == input_end) input_start = input_end = 0;
  taken(done);
  if (input_ended && input_end == 0 && !job.terminal) close_input();
}

static void count_burst(int fd, size_t count) {
  int64_t now = now_ms();
  /* A read of the other stream ends the batch, so that alternating streams keep their order. */
  bool goes_on = fd == burst.fd && now - burst.last_ms <= BURST_GAP_MS;
  burst.fd = fd;
  burst.reads = goes_on ? burst.reads + 1 : 0;
  burst.last_ms = now;
  burst.pause_until_ms = burst.reads >= BURST_READS && count < BURST_ENOUGH_BYTES ? now + BURST_PAUSE_MS : 0;
}

/* The output of a program that has ended is not batched. */
static bool is_gathering(int fd) { return job.running && burst.fd == fd && now_ms() < burst.pause_until_ms; }

static void read_output(int *fd, uint8_t type) {
  size_t space = channel_space();
  if (*fd < 0 || space == 0) return;
  ssize_t count = read(*fd, channel_begin(), space);
  if (count > 0) {
    count_burst(*fd, (size_t)count);
    channel_commit(type, (size_t)count);
  } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
    /* A terminal's master returns EIO when no process has the slave open. */
    if (job.terminal) job.in = -1;
    close_fd(fd);
  }
}

static bool same_settings(const struct termios *a, const struct termios *b) {
  return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag &&
         memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

/* Lets the terminal turn a key into a signal for its foreground group, which only the terminal knows. As on Linux no program may read the
   key or the unread rest of its line: the write that contains the key also erases both, so that a waiting program cannot read them in
   between. */
static void press_signal_key(uint8_t key, struct termios settings) {
  bool drops = (settings.c_lflag & NOFLSH) == 0;
  struct termios quiet = settings, now;
  uint8_t dropped[LINE_MAX_BYTES], press[LINE_MAX_BYTES];
  char echo[2] = {'^', (char)(key ^ 0x40)};
  /* After the echo of earlier input, before the program's reaction to the signal. */
  read_output(&job.out, TO_HOST_TERMINAL);
  if ((settings.c_lflag & ECHO) != 0 && channel_space() > 0) channel_send(TO_HOST_TERMINAL, echo, sizeof echo);
  /* Complete lines are dropped, because an unread line would delay the key. */
  while (drops && read(job.slave, dropped, sizeof dropped) > 0) continue;
  quiet.c_lflag = (quiet.c_lflag | ICANON) & ~(tcflag_t)ECHO;
  quiet.c_cc[VERASE] = ERASE;
  tcsetattr(job.slave, TCSANOW, &quiet);
  size_t erased = 1 + (drops ? line_bytes : 0);
  memset(press, ERASE, sizeof press);
  press[0] = key;
  if (write(job.in, press, 1 + erased) < 0) errno = 0;
  /* Settings that the program's signal handler has changed meanwhile are kept. */
  if (tcgetattr(job.slave, &now) == 0 && same_settings(&now, &quiet)) tcsetattr(job.slave, TCSANOW, &settings);
  /* In non-canonical mode gVisor reports input after the settings are restored; this read finds that there is none. */
  while (drops && read(job.slave, dropped, sizeof dropped) > 0) continue;
}

/* Sends a key such as Ctrl+C as a byte to a program in raw mode. An old gVisor would send a signal in any case, so the key is temporarily
   removed from the signal keys. False: earlier input is still waiting. */
static bool type_plain_key(uint8_t key, struct termios settings) {
  static const int keys[] = {VINTR, VQUIT, VSUSP};
  struct termios quiet = settings, now;
  write_input();
  if (input_start < input_end) return false;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (quiet.c_cc[keys[i]] == key) quiet.c_cc[keys[i]] = 0;
  tcsetattr(job.slave, TCSANOW, &quiet);
  bool written = write(job.in, &key, 1) == 1;
  if (tcgetattr(job.slave, &now) == 0 && same_settings(&now, &quiet)) tcsetattr(job.slave, TCSANOW, &settings);
  if (written) taken(1);
  return written;
}

/* Whether Linux echoes this key as ^X (ECHOCTL), which gVisor does not: a control character without a function in the terminal. */
static bool is_shown_key(uint8_t key, const struct termios *settings) {
  tcflag_t shown = ECHO | ECHOCTL;
  if ((settings->c_lflag & shown) != shown || key >= ' ' || key == '\t' || key == '\n' || key == '\r') return false;
  for (int i = 0; i < NCCS; i++)
    if (i != VMIN && i != VTIME && settings->c_cc[i] != 0 && settings->c_cc[i] == key) return false;
  return true;
}

/* Sends such a key without gVisor's echo, and echoes it as Linux does: an echoed ESC would begin a sequence that moves the cursor of the
   user's terminal. False: earlier input is still waiting. */
static bool type_shown_key(uint8_t key, struct termios settings) {
  struct termios quiet = settings, now;
  char echo[2] = {'^', (char)(key ^ 0x40)};
  write_input();
  if (input_start < input_end) return false;
  /* After the echo of earlier input. */
  read_output(&job.out, TO_HOST_TERMINAL);
  quiet.c_lflag &= ~(tcflag_t)ECHO;
  tcsetattr(job.slave, TCSANOW, &quiet);
  bool written = write(job.in, &key, 1) == 1;
  if (tcgetattr(job.slave, &now) == 0 && same_settings(&now, &quiet)) tcsetattr(job.slave, TCSANOW, &settings);
  if (!written) return false;
  if (channel_space() > 0) channel_send(TO_HOST_TERMINAL, echo, sizeof echo);
  taken(1);
  return true;
}

static void count_line(uint8_t byte) {
  if (byte == '\n' || byte == '\r') line_bytes = 0;
  else if (line_bytes < LINE_MAX_BYTES - 2) line_bytes++;
}

/* Handles signal keys, and control characters that are echoed as ^X, in the newest `length` bytes of the input, and removes them. */
static void take_signal_keys(size_t length) {
  struct termios settings;
  bool has_settings = job.running && tcgetattr(job.slave, &settings) == 0;
  bool has_keys = has_settings && (settings.c_lflag & ISIG) != 0;
  bool needs_help = has_settings && !has_keys && in_old_gvisor;
  const uint8_t *newest = input + input_end;
  for (size_t i = 0; i < length; i++) {
    uint8_t byte = newest[i];
    const uint8_t *keys = settings.c_cc;
    bool is_key =
        has_settings && byte != 0 && (byte == keys[VINTR] || byte == keys[VQUIT] || byte == keys[VSUSP]);
    if (is_key && needs_help && type_plain_key(byte, settings)) continue;
    if (is_key && has_keys) {
      size_t dropped = (settings.c_lflag & NOFLSH) == 0 ? input_end - input_start : 0;
      input_end -= dropped;
      press_signal_key(byte, settings);
      taken(dropped + 1);
      if (dropped > 0 || (settings.c_lflag & NOFLSH) == 0) line_bytes = 0;
    } else if (has_settings && is_shown_key(byte, &settings) && type_shown_key(byte, settings)) {
      count_line(byte);
    } else {
      count_line(byte);
      input[input_end++] = byte;
    }
  }
}

/* False: the host sent more than the window allows. */
bool relay_stdin(const uint8_t *bytes, size_t length) {
  if (!active || job.in < 0) {
    taken(length);
    return true;
  }
  if (input_start > 0) {
    memmove(input, input + input_start, input_end - input_start);
    input_end -= input_start;
    input_start = 0;
  }
  if (length > sizeof input - input_end) return false;
  memcpy(input + input_end, bytes, length);
  /* gVisor's terminals also leave a signal key in the input. */
  if (job.terminal && in_gvisor) {
    take_signal_keys(length);
  } else {
    for (size_t i = 0; i < length; i++) count_line(bytes[i]);
    input_end += length;
  }
  write_input();
  return true;
}

void relay_stdin_end(void) {
  /* The first one only delivers an unfinished line. */
  static const uint8_t end_of_transmission[2] = {4, 4};
  if (!active || input_ended) return;
  if (job.terminal) relay_stdin(end_of_transmission, line_bytes > 0 ? 2 : 1);
  input_ended = true;
  write_input();
}

static void signal_program(int number) {
  pid_t group = job.terminal ? tcgetpgrp(job.in) : 0;
  if (kill(group > 1 ? -group : -job.pid, number) != 0) kill(job.pid, number);
}

void relay_signal(int number) {
  if (active && job.running) signal_program(number);
}

void relay_resize(uint16_t columns, uint16_t rows) {
  struct winsize size = {.ws_col = columns, .ws_row = rows};
  if (!active || !job.terminal || job.in < 0) return;
  ioctl(job.in, TIOCSWINSZ, &size);
  /* An old gVisor does not announce a new size. */
  if (job.running && in_old_gvisor) signal_program(SIGWINCH);
}

static void kill_everything(void) {
  all_killed = true;
  while (kill(-1, SIGKILL) == 0 || errno != ESRCH) {
    while (waitpid(-1, NULL, WNOHANG) > 0) continue;
    struct timespec pause = {.tv_nsec = 500000};
    if (kill(-1, 0) != 0) break;
    nanosleep(&pause, NULL);
  }
  while (waitpid(-1, NULL, 0) > 0) continue;
}

void relay_child_ended(pid_t pid, int status) {
  if (!active || pid != job.pid) return;
  job.running = false;
  close_fd(&job.slave);
  exit_status = status;
  drain_until = now_ms() + DRAIN_MS;
}

/* The remaining output in the pipes is sent to the host before EXIT. */
void relay_end(void) {
  if (!active) return;
  if (job.running) exit_status = SIGKILL;
  job.running = false;
  close_fd(&job.slave);
  kill_everything();
  drain_until = 0;
}

bool relay_waits(void) {
  if (!active || !job.running || input_ended || input_start < input_end || job.in < 0) return false;
  return waits_for_input(job.terminal ? job.slave : job.in, job.terminal);
}

static uint64_t micros(struct timeval time) { return (uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_usec; }

static void put_number(uint8_t *at, uint64_t value) {
  for (int i = 0; i < 8; i++) at[i] = (uint8_t)(value >> (8 * i));
}

static void report_exit(void) {
  struct rusage usage;
  uint8_t payload[18];
  getrusage(RUSAGE_CHILDREN, &usage);
  bool signalled = WIFSIGNALED(exit_status);
  payload[0] = signalled;
  payload[1] = (uint8_t)(signalled ? WTERMSIG(exit_status) : WEXITSTATUS(exit_status));
  put_number(payload + 2, micros(usage.ru_utime) + micros(usage.ru_stime) - micros(before.ru_utime) - micros(before.ru_stime));
  put_number(payload + 10, (uint64_t)usage.ru_maxrss * 1024);
  channel_send(TO_HOST_EXIT, payload, sizeof payload);
}

/* Called after every turn of the loop: continues the end of a run up to its EXIT frame. */
void relay_step(void) {
  if (!active || job.running) return;
  bool drained = job.out < 0 && job.err < 0;
  if (!drained && now_ms() < drain_until) return;
  if (!all_killed) kill_everything();
  /* All writers have ended, so the pipes reach their end and this loop ends. */
  while (job.out >= 0 || job.err >= 0) {
    if (channel_space() == 0) return;
    read_output(&job.out, job.terminal ? TO_HOST_TERMINAL : TO_HOST_STDOUT);
    if (channel_space() == 0) return;
    read_output(&job.err, TO_HOST_STDERR);
  }
  close_fd(&job.in);
  active = false;
  report_exit();
}

/* Milliseconds until `until`, for poll. */
static int wait_for(int64_t until) {
  int64_t left = until - now_ms();
  return left > 0 ? (int)left : 0;
}

int relay_timeout(void) {
  if (!active || channel_space() == 0) return -1;
  if (!job.running) return wait_for(drain_until);
  return burst.is_left_out ? wait_for(burst.pause_until_ms) : -1;
}

int relay_poll(struct pollfd *polled, int count) {
  if (!active) return count;
  bool space = channel_space() > 0;
  short in_events = input_start < input_end ? POLLOUT : 0;
  burst.is_left_out = space && is_gathering(burst.fd);
  if (job.terminal) {
    short events = (short)(in_events | (space && !burst.is_left_out ? POLLIN : 0));
    /* A terminal whose other end is closed reports POLLHUP at each poll: poll it only while the channel has space. */
    polled[count++] = (struct pollfd){.fd = space || events != 0 ? job.out : -1, .events = events};
    return count;
  }
  int left_out = burst.is_left_out ? burst.fd : -1;
  polled[count++] = (struct pollfd){.fd = in_events != 0 ? job.in : -1, .events = POLLOUT};
  polled[count++] = (struct pollfd){.fd = space && job.out != left_out ? job.out : -1, .events = POLLIN};
  polled[count++] = (struct pollfd){.fd = space && job.err != left_out ? job.err : -1, .events = POLLIN};
  return count;
}

static void read_stream(int fd) {
  if (fd == job.out) read_output(&job.out, job.terminal ? TO_HOST_TERMINAL : TO_HOST_STDOUT);
  else if (fd == job.err) read_output(&job.err, TO_HOST_STDERR);
}

void relay_polled(const struct pollfd *polled, int count) {
  if (!active) return;
  if (input_start < input_end) write_input();
  for (int i = 0; i < count; i++) {
    if ((polled[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0 || polled[i].fd < 0) continue;
    /* Batched output of one stream is older than new output of the other one, so it is read first. */
    if (burst.is_left_out && polled[i].fd != burst.fd) read_stream(burst.fd);
    read_stream(polled[i].fd);
  }
}
