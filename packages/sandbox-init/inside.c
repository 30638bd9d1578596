/* Sets up the program's view of its machine: its own root, a limit on terminals, its own clock, and the sandbox instead of the host in /proc. */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* Files that replace those of the image; see runtime-folder.ts. */
#define LAYER "/.atelier/layer"
/* Where the launcher has mounted further layers and trees; see mount-plan.ts. */
#define MOUNTS "/.atelier/mounts"
#define EMPTY MOUNTS "/empty"
#define SKELETON MOUNTS "/skeleton"
/* A folder that every image has; the disk is mounted over it later. */
#define PASSING "/tmp"
#define TERMINALS "32"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* The file that shows the program's memory limit; written again for each job. */
static int meminfo_fd = -1;
/* The file that shows the boot id; written again in a copy. */
static int boot_id_fd = -1;

static void or_fail(int result, const char *what) {
  if (result != 0) fail(what);
}

/* Gives a mount of the old root to the new one. gVisor cannot move mounts. */
static void carry(const char *mount_point) {
  char target[64];
  snprintf(target, sizeof target, PASSING "%s", mount_point);
  or_fail(mount(mount_point, target, NULL, in_gvisor ? MS_BIND | MS_REC : MS_MOVE, NULL), target);
}

static void make_folders(const char *base, const char *path) {
  char at[512];
  size_t length = (size_t)snprintf(at, sizeof at, "%s", base);
  for (const char *part = path; *part == '/' && length < sizeof at - 1;) {
    const char *next = strchrnul(part + 1, '/');
    length += (size_t)snprintf(at + length, sizeof at - length, "%.*s", (int)(next - part), part);
    if (mkdir(at, 0755) != 0 && errno != EEXIST) fail(at);
    part = next;
  }
}

/* Mount points for trees that the image lacks, as the lowest layer. */
static void make_skeleton(const struct boot_options *options) {
  or_fail(mount("skeleton", SKELETON, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=64k"), SKELETON);
  for (int i = 0; i < options->tree_count; i++) make_folders(SKELETON, options->trees[i]);
}

/* On the host's kernel an overlay of its own, as the root is: with a bind mount mountinfo would show the path on the host. */
static void mount_tree(const struct boot_options *options, int index, const char *root) {
  char source[64], target[512], lower[128];
  snprintf(source, sizeof source, MOUNTS "/%d", options->layers - 1 + index);
  snprintf(target, sizeof target, "%s%s", root, options->trees[index]);
  snprintf(lower, sizeof lower, "lowerdir=%s:" EMPTY, source);
  if (!in_gvisor && mount("tree", target, "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, lower) == 0) return;
  or_fail(mount(source, target, NULL, MS_BIND, NULL), target);
}

static void mount_trees(const struct boot_options *options, const char *root) {
  for (int i = 0; i < options->tree_count; i++) mount_tree(options, i, root);
}

/* Mounts an overlay of the image's layers as the root. It has its own inodes, so no other sandbox notices locks, leases and watches on
   files of the image, although all share the image and its page cache. mountinfo then has no path of the host.
   False: this kernel allows no overlay here (before 5.11, or on top of two others), and the root is the lowest layer itself. */
static bool make_root(const struct boot_options *options) {
  char lower[512];
  size_t length = (size_t)snprintf(lower, sizeof lower, "lowerdir=" LAYER);
  for (int i = options->layers - 2; i >= 0; i--) length += (size_t)snprintf(lower + length, sizeof lower - length, ":" MOUNTS "/%d", i);
  if (options->tree_count > 0) make_skeleton(options);
  snprintf(lower + length, sizeof lower - length, ":/%s", options->tree_count > 0 ? ":" SKELETON : "");
  if (mount("image", PASSING, "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, lower) != 0) return false;
  carry("/proc");
  carry("/dev");
  if (in_gvisor) carry("/sys");
  if (strcmp(options->disk, "mounted") == 0) carry(PROJECT);
  mount_trees(options, PASSING);
  or_fail(chdir(PASSING), PASSING);
  or_fail((int)syscall(SYS_pivot_root, ".", "."), "change the root");
  or_fail(umount2(".", MNT_DETACH), "leave the image");
  or_fail(chdir("/"), "enter the root");
  return true;
}

/* gVisor makes an inode of its own for each sandbox anyway, so there the root is combined only where it has to be. */
static bool has_to_combine(const struct boot_options *options) {
  struct stat about;
  for (int i = 0; i < options->tree_count; i++)
    if (stat(options->trees[i], &about) != 0) return true;
  return options->layers > 1 || !in_gvisor;
}

/* Mounts the files of the layer over those of the image, which may name the machine that built it. */
static void cover_names(void) {
  static const char *const names[] = {"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"};
  char source[64];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct stat about;
    snprintf(source, sizeof source, LAYER "%s", names[i]);
    if (lstat(names[i], &about) == 0 && S_ISREG(about.st_mode)) or_fail(mount(source, names[i], NULL, MS_BIND, NULL), names[i]);
  }
}

/* The host has a fixed number of terminals: without a limit one program could use them up. */
static void limit_terminals(void) {
  or_fail(mount(NULL, "/dev/pts", NULL, MS_REMOUNT | MS_NOSUID | MS_NOEXEC, "mode=620,ptmxmode=666,max=" TERMINALS), "/dev/pts");
}

static void cover(const char *source, const char *target) {
  if (mount(source, target, NULL, MS_BIND, NULL) != 0 && errno != ENOENT) fail(target);
}

static void hide_proc(void) {
  static const char *const files[] = {
      "/proc/cmdline",     "/proc/kcore",         "/proc/keys",        "/proc/key-users",         "/proc/kmsg",
      "/proc/kallsyms",    "/proc/modules",       "/proc/timer_list",  "/proc/sched_debug",       "/proc/sysrq-trigger",
      "/proc/interrupts",  "/proc/diskstats",     "/proc/partitions",  "/proc/config.gz",         "/proc/iomem",
      "/proc/ioports",     "/proc/swaps",         "/proc/latency_stats", "/proc/version_signature", "/proc/buddyinfo",
      "/proc/cgroups",     "/proc/consoles",      "/proc/devices",     "/proc/dma",               "/proc/fb",
      "/proc/kpagecgroup", "/proc/kpagecount",    "/proc/kpageflags",  "/proc/locks",             "/proc/mdstat",
      "/proc/misc",        "/proc/mtrr",          "/proc/pagetypeinfo", "/proc/schedstat",        "/proc/slabinfo",
      "/proc/softirqs",    "/proc/vmallocinfo",   "/proc/vmstat",      "/proc/zoneinfo",          "/proc/allocinfo"};
  static const char *const folders[] = {"/proc/acpi", "/proc/asound", "/proc/scsi",     "/proc/driver", "/proc/fs",
                                        "/proc/bus",  "/proc/irq",    "/proc/pressure", "/proc/tty",    "/proc/dynamic_debug"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) cover("/dev/null", files[i]);
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
    if (mount("empty", folders[i], "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,nr_inodes=2") != 0 &&
        errno != ENOENT)
      fail(folders[i]);
}

/* Read-only, because a user namespace does not keep the host's root user from writing sysctls. */
static void protect_sysctls(void) {
  or_fail(mount("/proc/sys", "/proc/sys", NULL, MS_BIND | MS_REC, NULL), "/proc/sys");
  or_fail(mount(NULL, "/proc/sys", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME, NULL),
          "/proc/sys");
}

static void write_memory(uint64_t bytes) {
  char text[1024];
  unsigned long long kb = bytes / 1024;
  int length = snprintf(text, sizeof text,
                        "MemTotal:       %12llu kB\nMemFree:        %12llu kB\nMemAvailable:   %12llu kB\n"
                        "Buffers:                   0 kB\nCached:                    0 kB\nSwapCached:                0 kB\n"
                        "Active:                    0 kB\nInactive:                  0 kB\nSwapTotal:                 0 kB\n"
                        "SwapFree:                  0 kB\nDirty:                     0 kB\nWriteback:                 0 kB\n"
                        "AnonPages:                 0 kB\nMapped:                    0 kB\nShmem:                     0 kB\n"
                        "Slab:                      0 kB\nSReclaimable:              0 kB\nSUnreclaim:                0 kB\n",
                        kb, kb, kb);
  if (pwrite(meminfo_fd, text, (size_t)length, 0) != length) fail("tell the memory");
}

void inside_tell_memory(uint64_t bytes) {
  if (meminfo_fd >= 0) write_memory(bytes);
}

/* Mounts a new file read-only over `path`, and returns it open for writing. The file is made in PASSING. */
static int replace_file(const char *path, const char *text) {
  static int count;
  char source[64];
  snprintf(source, sizeof source, PASSING "/%d", count++);
  int fd = open(source, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) fail(path);
  or_fail(mount(source, path, NULL, MS_BIND, NULL), path);
  or_fail(mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), path);
  return fd;
}

/* One line for each processor, with all times 0. */
static void replace_stat(void) {
  static char text[65536];
  size_t length = 0;
  char line[4096];
  FILE *host = fopen("/proc/stat", "re");
  if (host == NULL) fail("read /proc/stat");
  while (fgets(line, sizeof line, host) != NULL && length < sizeof text - 512)
    if (strncmp(line, "cpu", 3) == 0)
      length += (size_t)snprintf(text + length, sizeof text - length, "%.*s 0 0 0 0 0 0 0 0 0 0\n", (int)strcspn(line, " "), line);
  fclose(host);
  snprintf(text + length, sizeof text - length, "intr 0\nctxt 0\nbtime %lld\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n",
           (long long)time(NULL));
  close(replace_file("/proc/stat", text));
}

static void replace_version(void) {
  struct utsname kernel;
  char text[sizeof kernel];
  or_fail(uname(&kernel), "read the kernel's version");
  snprintf(text, sizeof text, "Linux version %s %s\n", kernel.release, kernel.version);
  close(replace_file("/proc/version", text));
}

/* Chooses a new one, of 37 characters. */
static void draw_boot_id(char text[40]) {
  uint8_t id[16];
  if (getrandom(id, sizeof id, 0) != sizeof id) fail("draw a boot id");
  id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
  id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
  char *at = text;
  for (int i = 0; i < 16; i++) at += sprintf(at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", id[i]);
  strcpy(at, "\n");
}

static void replace_boot_id(void) {
  char text[40];
  draw_boot_id(text);
  boot_id_fd = replace_file(BOOT_ID, text);
}

void inside_renew(void) {
  char text[40];
  draw_boot_id(text);
  if (pwrite(boot_id_fd, text, strlen(text), 0) != (ssize_t)strlen(text)) fail("tell a new boot id");
}

/* Appends a line to the image's file, if it has this file. */
static void add_line(const char *path, const char *line) {
  static char text[65536];
  size_t space = sizeof text - strlen(line);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t size = read(fd, text, space);
  close(fd);
  if (size < 0 || (size_t)size >= space) return;
  strcpy(text + size, line);
  close(replace_file(path, text));
}

/* Lets monotonic time and /proc/uptime begin with the sandbox, for processes that init starts after this. A kernel without time
   namespaces (before 5.6) shows its own times. */
static void start_clock(void) {
  struct timespec monotonic, boot;
  char text[128];
  if (unshare(CLONE_NEWTIME) != 0) return;
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  clock_gettime(CLOCK_BOOTTIME, &boot);
  snprintf(text, sizeof text, "monotonic %lld 0\nboottime %lld 0\n", -(long long)monotonic.tv_sec, -(long long)boot.tv_sec);
  int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) fail("start the clock");
  close(fd);
}

void inside_root(const struct boot_options *options) {
  if (has_to_combine(options) && make_root(options)) return;
  if (options->layers > 1) fail("combine the layers of the root");
  cover_names();
  mount_trees(options, "");
}

void inside_facts(const struct boot_options *options) {
  or_fail(mount("facts", PASSING, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=256k"), PASSING);
  meminfo_fd = replace_file("/proc/meminfo", "");
  write_memory(options->memory_bytes);
  replace_boot_id();
  add_line("/etc/passwd", "user:x:1000:1000:user:/tmp:/bin/bash\n");
  add_line("/etc/group", "user:x:1000:\n");
  if (!in_gvisor) {
    limit_terminals();
    start_clock();
    replace_stat();
    replace_version();
    close(replace_file("/proc/loadavg", "0.00 0.00 0.00 1/1 1\n"));
    hide_proc();
    protect_sysctls();
  }
  or_fail(umount2(PASSING, MNT_DETACH), PASSING);
}
