/* Lists the new and changed files of the project after a run, and sends those that the host requests. All processes of
   the run have ended before, so no file changes meanwhile; links are never followed, and only regular files are read. */
#define _GNU_SOURCE
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_LISTED 10000
#define MOST_VISITED 100000
/* The same as in the host's rules for paths; it also limits the depth. */
#define LONGEST_PATH 1024
enum { IS_FILE = 0, IS_OTHER = 1, HAS_LONG_PATH = 2, IS_UNREADABLE_FOLDER = 3 };

/* The files that the host wrote: one with the same inode and change time is unchanged. */
struct written { ino_t inode; struct timespec changed; };

static struct written *written;
static size_t written_count, written_capacity;
static dev_t disk;
static size_t listed, visited;

void collect_note(int fd) {
  struct stat about;
  if (fstat(fd, &about) != 0) return;
  if (written_count == written_capacity) {
    size_t capacity = written_capacity == 0 ? 64 : 2 * written_capacity;
    struct written *grown = realloc(written, capacity * sizeof *grown);
    if (grown == NULL) return; /* the file then counts as changed, and the host compares its bytes */
    written = grown;
    written_capacity = capacity;
  }
  written[written_count++] = (struct written){about.st_ino, about.st_ctim};
}

static int by_inode(const void *a, const void *b) {
  ino_t left = ((const struct written *)a)->inode, right = ((const struct written *)b)->inode;
  return left < right ? -1 : left > right;
}

static bool is_as_written(const struct stat *about) {
  struct written key = {.inode = about->st_ino};
  const struct written *found = bsearch(&key, written, written_count, sizeof key, by_inode);
  return found != NULL && found->changed.tv_sec == about->st_ctim.tv_sec && found->changed.tv_nsec == about->st_ctim.tv_nsec;
}

static void put_size(uint8_t *at, uint64_t size) {
  for (int i = 0; i < 8; i++) at[i] = (uint8_t)(size >> (8 * i));
}

/* LISTED: kind u8, size u64, path. */
static void list(const char *path, uint8_t kind, uint64_t bytes) {
  uint8_t payload[9 + LONGEST_PATH];
  size_t length = strlen(path);
  payload[0] = kind;
  put_size(payload + 1, bytes);
  memcpy(payload + 9, path, length);
  channel_send(TO_HOST_LISTED, payload, 9 + length);
  listed++;
}

/* Closes the folder. False: it could not be read. */
static bool walk(int folder, char *path, size_t length) {
  DIR *entries = folder < 0 ? NULL : fdopendir(folder);
  if (entries == NULL) {
    if (folder >= 0) close(folder);
    return false;
  }
  for (struct dirent *entry; listed < MOST_LISTED && visited < MOST_VISITED && (entry = readdir(entries)) != NULL;) {
    const char *name = entry->d_name;
    size_t size = strlen(name);
    struct stat about;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    visited++;
    size_t whole = length + (length > 0) + size;
    if (fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) != 0 || about.st_dev != disk) continue;
    if (length > 0 && length < LONGEST_PATH) path[length] = '/';
    if (whole > LONGEST_PATH) {
      /* The start of the path identifies the entry. The contents of such a folder are not listed. */
      size_t begin = whole - size < LONGEST_PATH ? whole - size : LONGEST_PATH;
      memcpy(path + begin, name, LONGEST_PATH - begin);
      path[LONGEST_PATH] = '\0';
      list(path, HAS_LONG_PATH, 0);
      path[length] = '\0';
      continue;
    }
    memcpy(path + whole - size, name, size + 1);
    if (S_ISDIR(about.st_mode)) {
      int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (!walk(inner, path, whole)) list(path, IS_UNREADABLE_FOLDER, 0);
    } else if (!S_ISREG(about.st_mode)) {
      list(path, IS_OTHER, 0);
    } else if (!is_as_written(&about)) {
      list(path, IS_FILE, (uint64_t)about.st_size);
    }
    path[length] = '\0';
  }
  closedir(entries);
  return true;
}

void collect_list(void) {
  char path[LONGEST_PATH + 1] = "";
  struct stat about;
  int folder = open(PROJECT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (written_count > 0) qsort(written, written_count, sizeof *written, by_inode);
  listed = visited = 0;
  if (folder >= 0 && fstat(folder, &about) == 0) {
    disk = about.st_dev;
    walk(folder, path, 0);
  }
  channel_send(TO_HOST_LISTED, "", 0);
}

/* Each part of the path is opened separately without following links. */
static int open_below_project(char *path) {
  int folder = open(PROJECT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  for (char *slash; folder >= 0 && (slash = strchr(path, '/')) != NULL; path = slash + 1) {
    *slash = '\0';
    int inner = openat(folder, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    close(folder);
    folder = inner;
  }
  if (folder < 0) return -1;
  int fd = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  close(folder);
  return fd;
}

/* FETCH: most bytes u32, path. Answered by any number of FETCHED frames with bytes, and an empty one at the end. */
void collect_fetch(const uint8_t *payload, size_t length) {
  char path[LONGEST_PATH + 1];
  struct stat about;
  int fd = -1;
  uint32_t most = 0;
  if (length > 4 && length - 4 <= LONGEST_PATH) {
    most = (uint32_t)payload[0] | (uint32_t)payload[1] << 8 | (uint32_t)payload[2] << 16 | (uint32_t)payload[3] << 24;
    memcpy(path, payload + 4, length - 4);
    path[length - 4] = '\0';
    if (path_is_plain(path, length - 4)) fd = open_below_project(path);
  }
  bool is_file = fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
  while (is_file && most > 0) {
    if (channel_space() == 0) channel_flush_blocking();
    size_t space = channel_space() < most ? channel_space() : most;
    ssize_t count = read(fd, channel_begin(), space);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    channel_commit(TO_HOST_FETCHED, (size_t)count);
    most -= (uint32_t)count;
  }
  if (fd >= 0) close(fd);
  channel_send(TO_HOST_FETCHED, "", 0);
}
