/* On the host: `init launch` enters a sandbox's cgroups, mounts its disk in a mount namespace of its own, and executes the
   isolation tool. One process instead of a shell, cp, mount and umount for each sandbox.

   init launch [--join CGROUP_PROCS]… [--disk TEMPLATE IMAGE MOUNT_POINT] [--devices] -- TOOL [ARGUMENT]… */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define USAGE_ERROR 64
#define COPY_BYTES 65536
#define LOOP_TRIES 64

_Noreturn static void refuse(const char *what, const char *path) {
  dprintf(2, "launch: cannot %s %s: %s\n", what, path, strerror(errno));
  _exit(71);
}

/* Called first, so that no process of the sandbox runs or allocates memory outside its cgroup. */
static void join_cgroup(const char *path) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "0", 1) != 1) refuse("enter", path);
  close(fd);
}

static bool only_zeros(const char *bytes, size_t length) {
  return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

static void copy_range(int from, int to, off_t at, off_t end, const char *path) {
  static char buffer[COPY_BYTES];
  while (at < end) {
    size_t wanted = end - at < COPY_BYTES ? (size_t)(end - at) : COPY_BYTES;
    ssize_t count = pread(from, buffer, wanted, at);
    if (count <= 0) refuse("read", path);
    if (!only_zeros(buffer, (size_t)count) && pwrite(to, buffer, (size_t)count, at) != count) refuse("copy", path);
    at += count;
  }
}

/* Shares the template's blocks if the host's file system supports it (FICLONE), otherwise copies the data and skips holes. */
static int copy_template(const char *template, const char *image) {
  struct stat about;
  int from = open(template, O_RDONLY | O_CLOEXEC);
  if (from < 0 || fstat(from, &about) != 0) refuse("open", template);
  int to = open(image, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (to < 0) refuse("make", image);
  if (ioctl(to, FICLONE, from) != 0) {
    if (ftruncate(to, about.st_size) != 0) refuse("size", image);
    for (off_t data = 0; (data = lseek(from, data, SEEK_DATA)) >= 0;) {
      off_t hole = lseek(from, data, SEEK_HOLE);
      copy_range(from, to, data, hole, template);
      data = hole;
    }
    if (errno != ENXIO) refuse("read", template);
  }
  close(from);
  return to;
}

/* The device is released with its last mount. Another process may take the free device first; then the next one is tried. */
static int attach(int image, char *device, size_t size) {
  int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) refuse("open", "/dev/loop-control");
  struct loop_config config = {.fd = (uint32_t)image, .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
  for (int tries = 0; tries < LOOP_TRIES; tries++) {
    int number = ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0) refuse("find", "a loop device");
    snprintf(device, size, "/dev/loop%d", number);
    int loop = open(device, O_RDWR | O_CLOEXEC);
    if (loop < 0) refuse("open", device);
    if (ioctl(loop, LOOP_CONFIGURE, &config) == 0) {
      close(control);
      return loop;
    }
    if (errno != EBUSY) refuse("set up", device);
    close(loop);
  }
  refuse("find", "a free loop device");
}

static bool mounts_are_private;

static void detach_mounts(void) {
  if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) refuse("detach", "the mount namespace");
  mounts_are_private = true;
}

/* Later mounts exist only in this mount namespace, and end with its last process. */
static void make_mounts_private(void) {
  if (mounts_are_private) return;
  if (unshare(CLONE_NEWNS) != 0) refuse("make", "a mount namespace");
  detach_mounts();
}

/* The tool mounts too: runsc bind-mounts an empty network namespace on a file of its state folder and never unmounts it. A user who may not
   create a mount namespace cannot mount either, so a failure can be ignored. */
static void make_tool_mounts_private(void) {
  if (mounts_are_private) return;
  if (unshare(CLONE_NEWNS) != 0) {
    if (errno == EPERM) return;
    refuse("make", "a mount namespace");
  }
  detach_mounts();
}

/* Uses a neutral device name, because the sandbox's list of mounts shows it. */
static void mount_by_name(const char *device, const char *name, const char *folder, const char *mount_point) {
  if (chdir(folder) != 0 || symlink(device, name) != 0) refuse("name", device);
  if (mount(name, mount_point, "ext4", MS_NOSUID | MS_NODEV | MS_NOATIME, NULL) != 0) refuse("mount", mount_point);
  if (unlink(name) != 0 || chdir("/") != 0) refuse("leave", folder);
}

static void mount_disk(const char *template, const char *image, const char *mount_point) {
  char device[32];
  int file = copy_template(template, image);
  int loop = attach(file, device, sizeof device);
  make_mounts_private();
  char folder[PATH_MAX];
  snprintf(folder, sizeof folder, "%s", image);
  mount_by_name(device, "scratch", dirname(folder), mount_point);
  if (unlink(image) != 0) refuse("unlink", image);
  close(loop);
  close(file);
}

/* Creates device nodes for this sandbox, so that watches and locks on /dev/null affect no other sandbox. Where nodes cannot be created (in
   some containers) the sandbox uses the host's. */
static void make_devices(void) {
  static const struct { const char *path; unsigned minor, major; } nodes[] = {
      {"/dev/null", 3, 1}, {"/dev/zero", 5, 1},    {"/dev/full", 7, 1},
      {"/dev/random", 8, 1}, {"/dev/urandom", 9, 1}, {"/dev/tty", 0, 5}};
  make_mounts_private();
  umask(0);
  if (mount("devices", "/dev", "tmpfs", MS_NOSUID, "mode=755,size=64k,nr_inodes=32") != 0) return;
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
    int fd = -1;
    bool made = mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) == 0 &&
                ((fd = open(nodes[i].path, O_RDONLY | O_NOCTTY | O_CLOEXEC)) >= 0 || errno == ENXIO);
    if (fd >= 0) close(fd);
    if (made) continue;
    if (umount2("/dev", MNT_DETACH) != 0) refuse("give up", "device nodes");
    break;
  }
  umask(022);
}

int launch(char **argument) {
  /* A stopped sandbox cannot notice that the server was killed; the tools set the same for their child processes. */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) refuse("follow", "the server");
  for (; *argument != NULL; argument++) {
    if (strcmp(*argument, "--join") == 0 && argument[1] != NULL) {
      join_cgroup(*++argument);
    } else if (strcmp(*argument, "--disk") == 0 && argument[1] != NULL && argument[2] != NULL && argument[3] != NULL) {
      mount_disk(argument[1], argument[2], argument[3]);
      argument += 3;
    } else if (strcmp(*argument, "--devices") == 0) {
      make_devices();
    } else if (strcmp(*argument, "--") == 0 && argument[1] != NULL) {
      make_tool_mounts_private();
      execvp(argument[1], argument + 1);
      refuse("start", argument[1]);
    } else {
      break;
    }
  }
  dprintf(2, "launch: cannot understand its arguments\n");
  return USAGE_ERROR;
}
