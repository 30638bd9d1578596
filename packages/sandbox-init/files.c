/* Writes the project's files before any user code runs; afterwards init opens files only part by part, below an open folder (collect.c). */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file = -1;

static bool report(const char *what, const char *path) {
  char text[512];
  int length = snprintf(text, sizeof text, "cannot %s %.300s: %s", what, path, strerror(errno));
  channel_send(TO_HOST_FAILED, text, (size_t)length);
  return false;
}

/* The host has validated the path; init checks it again so that its safety does not depend on the host. */
bool path_is_plain(const char *path, size_t length) {
  if (length == 0 || length > 4000 || path[0] == '/' || strlen(path) != length) return false;
  for (const char *part = path; part != NULL;) {
    const char *slash = strchr(part, '/');
    size_t size = slash != NULL ? (size_t)(slash - part) : strlen(part);
    if (size == 0 || (size == 1 && part[0] == '.') || (size == 2 && part[0] == '.' && part[1] == '.')) return false;
    part = slash != NULL ? slash + 1 : NULL;
  }
  return true;
}

static bool make_parents(char *path) {
  for (char *slash = strchr(path + strlen(PROJECT) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    bool made = mkdir(path, 0755) == 0;
    if ((made && chown(path, PROGRAM_UID, PROGRAM_UID) != 0) || (!made && errno != EEXIST)) return report("make", path);
    *slash = '/';
  }
  return true;
}

bool file_open(const uint8_t *payload, size_t length) {
  char path[sizeof PROJECT + 4096];
  file_close();
  if (length < 2 || length > 4001) return errno = ENAMETOOLONG, report("write", "a file");
  size_t name_length = length - 1;
  memcpy(path, PROJECT "/", sizeof PROJECT);
  char *name = path + sizeof PROJECT;
  memcpy(name, payload + 1, name_length);
  name[name_length] = '\0';
  if (!path_is_plain(name, name_length)) return errno = EINVAL, report("write", name);
  if (!make_parents(path)) return false;
  mode_t mode = (payload[0] & 1) != 0 ? 0755 : 0644;
  open_file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
  if (open_file < 0) return report("write", name);
  if (fchown(open_file, PROGRAM_UID, PROGRAM_UID) != 0) return report("hand over", name);
  return true;
}

bool file_append(const uint8_t *bytes, size_t length) {
  while (length > 0) {
    ssize_t count = write(open_file, bytes, length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return report("write", "the project's files");
    bytes += count;
    length -= (size_t)count;
  }
  return true;
}

void file_close(void) {
  if (open_file >= 0) {
    collect_note(open_file);
    close(open_file);
  }
  open_file = -1;
}
