/* Limits of a program: resource limits, and no capabilities. */
#define _GNU_SOURCE
#include "init.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void set(pid_t pid, int resource, uint64_t value) {
  struct rlimit64 limit = {.rlim_cur = value, .rlim_max = value};
  struct rlimit64 now;
  if (prlimit64(pid, resource, NULL, &now) == 0 && now.rlim_max < value) limit.rlim_cur = limit.rlim_max = now.rlim_max;
  if (prlimit64(pid, resource, &limit, NULL) != 0) fail("set a resource limit");
}

static void set_if_allowed(pid_t pid, int resource, uint64_t value) {
  struct rlimit64 limit = {.rlim_cur = value, .rlim_max = value};
  prlimit64(pid, resource, &limit, NULL);
}

/* pid 0 is the caller. */
void limit_process(pid_t pid, const struct command *command) {
  set(pid, RLIMIT_NPROC, command->processes);
  set(pid, RLIMIT_NOFILE, command->descriptors);
  set(pid, RLIMIT_FSIZE, command->file_bytes);
  /* gVisor's CPU clock of a process advances for each runnable thread, whether it runs or not. In both tiers the host measures the CPU time
     of the sandbox and ends the run earlier. */
  if (!in_gvisor) set(pid, RLIMIT_CPU, command->cpu_seconds);
  set(pid, RLIMIT_CORE, 0);
  set(pid, RLIMIT_MEMLOCK, 64 * 1024);
  /* gVisor has no message queues, and refuses to limit them. */
  set_if_allowed(pid, RLIMIT_MSGQUEUE, 0);
}

/* Lets the caller, an interpreter in a copied sandbox, lock all its memory: mlock maps it again after the restore. limit_process sets the
   final limits before the interpreter gets its job. */
void limit_rehearsal(void) { set_if_allowed(0, RLIMIT_MEMLOCK, RLIM64_INFINITY); }

void drop_everything(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct none[2] = {{0}, {0}};
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (syscall(SYS_capset, &header, none) != 0) fail("drop capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("refuse new privileges");
}
