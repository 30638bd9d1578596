/* The types of all parts of init: the wire format, the boot options and the state of the job. */
#ifndef ATELIER_INIT_H
#define ATELIER_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Frames are: type (1 byte), payload length (4 bytes, little endian), payload. */
enum from_host {
  FROM_HOST_FILE = 0x01,       /* flags u8 (1 = executable), path */
  FROM_HOST_FILE_DATA = 0x02,  /* bytes for the file named last */
  FROM_HOST_START = 0x03,      /* see parse_start in job.c */
  FROM_HOST_STDIN = 0x04,      /* bytes */
  FROM_HOST_STDIN_END = 0x05,
  FROM_HOST_SIGNAL = 0x06,     /* signal number u8 */
  FROM_HOST_RESIZE = 0x07,     /* columns u16, rows u16 */
  FROM_HOST_REHEARSE = 0x08,   /* this sandbox is a copy: its interpreter renews its random state, then READY again */
  FROM_HOST_PREPARE = 0x09,    /* this sandbox is saved for copies: its interpreter preloads more modules, then READY again */
  FROM_HOST_END = 0x0a,        /* end the run: kill all its processes, then EXIT as usual */
  FROM_HOST_LIST = 0x0b,       /* after EXIT: list new and changed files of the project */
  FROM_HOST_PROBE = 0x0d,      /* request WAITS */
  FROM_HOST_FETCH = 0x0c,      /* after LIST: maximum of bytes u32, path */
};

enum to_host {
  TO_HOST_READY = 0x41,        /* u8: 1 if the interpreter supports copies (FROM_HOST_REHEARSE) */
  TO_HOST_STDOUT = 0x42,
  TO_HOST_STDERR = 0x43,
  TO_HOST_TERMINAL = 0x44,
  TO_HOST_STDIN_TAKEN = 0x45,  /* count u32: so many input bytes may be sent again */
  TO_HOST_EXIT = 0x46,         /* signalled u8, code or signal u8, cpu microseconds u64, peak resident bytes u64 */
  TO_HOST_STARTED = 0x48,      /* from now on the program may have run */
  TO_HOST_LISTED = 0x49,       /* kind u8 (0 a file, 1 another type, 2 too long a path, 3 an unreadable folder), size u64, path; empty: end of the list */
  TO_HOST_FETCHED = 0x4a,      /* bytes of the requested file; empty: its end */
  TO_HOST_WAITS = 0x4b,        /* u8: 1 when it waits for input and there is none */
  TO_HOST_FAILED = 0x47,       /* a sentence: why the sandbox could not do what the host requested */
};

#define FRAME_HEADER 5
#define FRAME_PAYLOAD_MAX 65536
#define CONTROL_PAYLOAD_MAX (4 * 1024 * 1024)
#define STDIN_WINDOW 65536
#define PROGRAM_UID 1000
#define PROJECT "/project"

struct boot_options {
  const char *disk;      /* tmpfs mount options, or "mounted" where the host mounted a disk at /project */
  const char *identity;  /* "separate": init is user 1; "shared": one user id is mapped, init has no capability */
  const char *seccomp;   /* file with the filter program, or NULL */
  uint64_t memory_bytes; /* what /proc/meminfo shows until there is a job */
  int layers;            /* number of layers of the root; the lowest is the root, the others are in /.atelier/mounts */
  int tree_count;
  char *trees[8];        /* mount points of the trees, which are in /.atelier/mounts after the layers */
  bool hide_host;        /* the kernel is the host's: hide the facts that it shows of the host */
  char **warm_up;        /* argv of the pre-started interpreter, or NULL */
};

struct command {
  bool warm, terminal, has_stdin;
  uint16_t columns, rows;
  uint32_t processes, descriptors, cpu_seconds;
  uint64_t file_bytes, memory_bytes;
  int argc, envc;
  char **argv, **env;    /* both end with NULL */
};

/* A started program with its pipes or terminal; descriptors are -1 when closed. */
struct job {
  pid_t pid;
  bool running, terminal;
  int in, out, err;      /* in terminal mode in == out == the pseudo-terminal's master */
  int slave;             /* kept open while the main process lives, so that the terminal does not hang up */
};

/* boot.c */
extern bool in_gvisor;                       /* the sandbox has its own kernel, not the host's */
extern bool in_old_gvisor;                   /* of 2024 or before; valid after boot */
void boot(const struct boot_options *options);
_Noreturn void fail(const char *what);

/* inside.c */
void inside_root(const struct boot_options *options);
void inside_facts(const struct boot_options *options);
void inside_tell_memory(uint64_t bytes);
void inside_renew(void);                     /* in a copy: renew the random values that the kernel chose at its start */

/* channel.c: the framed connection with the host on descriptors 0 and 1. */
struct frame { uint8_t type; uint32_t length; const uint8_t *payload; };
void channel_open(void);
bool channel_receive(void);                  /* false: the host has closed the pipe */
bool channel_next(struct frame *frame);
size_t channel_space(void);                   /* payload bytes that one data frame may carry now */
uint8_t *channel_begin(void);                /* where to put the payload of the next frame */
void channel_commit(uint8_t type, size_t length);
void channel_send(uint8_t type, const void *payload, size_t length);
bool channel_pending(void);
void channel_flush(void);
void channel_flush_blocking(void);

/* launch.c: runs on the host. */
int launch(char **arguments);

/* shim.c: on the host too; owns the pipes of a sandbox that may outlive its server. */
int shim(char **arguments);

/* files.c */
bool file_open(const uint8_t *payload, size_t length);
bool file_append(const uint8_t *bytes, size_t length);
void file_close(void);
bool path_is_plain(const char *path, size_t length);

/* collect.c: the new and changed files of a run. */
void collect_note(int fd);                   /* the host has written this file */
void collect_list(void);
void collect_fetch(const uint8_t *payload, size_t length);

/* spawn.c */
bool parse_start(const uint8_t *payload, size_t length, struct command *command);
int spawn_command(const struct command *command, struct job *job);
int spawn_warm(char **argv, struct job *job);
int spawn_ask(uint32_t question);
void spawn_warm_done(void);
int spawn_give(const struct command *command, struct job *job);
void terminal_replace_broken_tty(void);
extern int warm_ready_fd;

/* Commands that the waiting interpreter reads in place of a job's length. */
#define ASK_REHEARSE 0u
#define ASK_PREPARE 0xffffffffu

/* limits.c */
void limit_process(pid_t pid, const struct command *command);
void limit_rehearsal(void);
void drop_everything(void);

/* waiting.c */
bool waits_for_input(int input, bool is_terminal);  /* the terminal's slave, or an end of the pipe */

/* relay.c: from START to EXIT. */
bool relay_active(void);
void relay_begin(struct job job);
bool relay_stdin(const uint8_t *bytes, size_t length);
void relay_stdin_end(void);
void relay_signal(int number);
void relay_end(void);
bool relay_waits(void);
void relay_resize(uint16_t columns, uint16_t rows);
void relay_child_ended(pid_t pid, int status);
struct pollfd;
int relay_poll(struct pollfd *polled, int count);
void relay_polled(const struct pollfd *polled, int count);
int relay_timeout(void);
void relay_step(void);

#endif
