/* Sets up the inside of the sandbox: the disk, /dev/shm, hidden parts of /proc, and init's capabilities. */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

bool in_gvisor, in_old_gvisor;

#define SCRATCH_FLAGS (MS_NOSUID | MS_NODEV)

_Noreturn void fail(const char *what) {
  dprintf(2, "sandbox-init: cannot %s: %s\n", what, strerror(errno));
  _exit(70);
}

static void mount_or_fail(const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
  if (mount(source, target, type, flags, data) != 0) fail(target);
}

static void make_owned(const char *path, mode_t mode) {
  if (mkdir(path, 0755) != 0 && errno != EEXIST) fail(path);
  if (chmod(path, mode) != 0 || chown(path, PROGRAM_UID, PROGRAM_UID) != 0) fail(path);
}

/* One file system serves /project and /tmp, so that one limit covers both. Where the program's user
   is init's own (see map_self), ownership needs no change. */
static void mount_disk(const struct boot_options *options, bool chown_works) {
  if (strcmp(options->disk, "mounted") != 0) mount_or_fail("disk", PROJECT, "tmpfs", SCRATCH_FLAGS, options->disk);
  if (chown_works) {
    make_owned(PROJECT "/project", 0755);
    make_owned(PROJECT "/tmp", 01777);
  } else {
    mkdir(PROJECT "/project", 0755);
    mkdir(PROJECT "/tmp", 0755);
    if (chmod(PROJECT "/tmp", 01777) != 0) fail("prepare /tmp");
  }
  mount_or_fail(PROJECT "/tmp", "/tmp", NULL, MS_BIND, NULL);
  mount_or_fail(PROJECT "/project", PROJECT, NULL, MS_BIND, NULL);
}

static void mount_shared_memory(void) {
  if (mkdir("/dev/shm", 01777) != 0 && errno != EEXIST) fail("make /dev/shm");
  unsigned long flags = SCRATCH_FLAGS | MS_NOEXEC;
  if (mount("shm", "/dev/shm", "tmpfs", flags, "mode=1777,size=64m,nr_inodes=4096") == 0) return;
  /* gVisor until 2024 has no inode limit; there inodes take gVisor's own memory, which is limited. */
  if (!in_gvisor || errno != EINVAL) fail("/dev/shm");
  in_old_gvisor = true;
  mount_or_fail("shm", "/dev/shm", "tmpfs", flags, "mode=1777,size=64m");
}

static void keep_capabilities(void) {
  static const int kept[] = {CAP_SETUID, CAP_SETGID, CAP_KILL, CAP_SYS_RESOURCE, CAP_CHOWN, CAP_DAC_OVERRIDE,
                             /* to read the system call in which a program is blocked (waiting.c) */
                             CAP_SYS_PTRACE};
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[2] = {{0}, {0}};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    data[0].effective = data[0].permitted |= 1u << kept[i];
  if (syscall(SYS_capset, &header, data) != 0) fail("keep few capabilities");
}

static void drop_bounding_set(void) {
  for (int cap = 0; cap <= CAP_LAST_CAP; cap++) prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static void become_separate_user(void) {
  drop_bounding_set();
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) fail("keep capabilities");
  if (setgroups(0, NULL) != 0 || setresgid(1, 1, 1) != 0 || setresuid(1, 1, 1) != 0) fail("become init's user");
  keep_capabilities();
  prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
}

static void write_text(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) fail(path);
  close(fd);
}

/* An ordinary user may map one id only. A second namespace shows it as 1000 and leaves init with no right
   over the mounts made above. */
static void map_self(void) {
  if (unshare(CLONE_NEWUSER) != 0) fail("make the inner user namespace");
  drop_bounding_set();
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* else /proc/self/uid_map belongs to nobody */
  write_text("/proc/self/setgroups", "deny");
  write_text("/proc/self/uid_map", "1000 0 1");
  write_text("/proc/self/gid_map", "1000 0 1");
  drop_everything();
}

static void load_filter(const char *path) {
  static struct sock_filter program[1024];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read(fd, program, sizeof program);
  if (size <= 0 || size % (ssize_t)sizeof *program != 0) fail("read the seccomp filter");
  close(fd);
  struct sock_fprog filter = {.len = (unsigned short)((size_t)size / sizeof *program), .filter = program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("refuse new privileges");
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) fail("load the seccomp filter");
}

void boot(const struct boot_options *options) {
  in_gvisor = !options->hide_host;
  bool shared = strcmp(options->identity, "shared") == 0;
  signal(SIGPIPE, SIG_IGN);
  umask(022);
  inside_root(options);
  inside_facts(options);
  mount_disk(options, !shared);
  mount_shared_memory();
  if (options->hide_host) {
    /* With only one user id /dev belongs to the program's user, who could change it. */
    mount_or_fail("/dev", "/dev", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_RELATIME, NULL);
  }
  terminal_replace_broken_tty();
  if (shared) map_self();
  else become_separate_user();
  umask(0);
  /* Also after a change of user, which resets both. */
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (options->seccomp != NULL) load_filter(options->seccomp);
}
