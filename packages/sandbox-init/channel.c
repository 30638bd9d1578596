/* The framed connection with the host: frames in from descriptor 0, frames out on descriptor 1. */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t *inbox;
static size_t inbox_size, inbox_used, inbox_read;

/* Space for a few data frames; programs are read only while one more full frame fits. */
static uint8_t outbox[4 * (FRAME_HEADER + FRAME_PAYLOAD_MAX)];
static size_t outbox_start, outbox_end;

static void put_length(uint8_t *at, size_t length) {
  for (int i = 0; i < 4; i++) at[i] = (uint8_t)(length >> (8 * i));
}

void channel_open(void) {
  for (int fd = 0; fd <= 1; fd++) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  inbox_size = FRAME_HEADER + FRAME_PAYLOAD_MAX;
  inbox = malloc(inbox_size);
  if (inbox == NULL) fail("allocate the inbox");
}

bool channel_receive(void) {
  if (inbox_read > 0) {
    memmove(inbox, inbox + inbox_read, inbox_used - inbox_read);
    inbox_used -= inbox_read;
    inbox_read = 0;
  }
  if (inbox_used == inbox_size) {
    uint8_t *grown = realloc(inbox, inbox_size * 2);
    if (grown == NULL) return false;
    inbox = grown;
    inbox_size *= 2;
  }
  ssize_t count = read(0, inbox + inbox_used, inbox_size - inbox_used);
  if (count == 0) return false;
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  inbox_used += (size_t)count;
  return true;
}

bool channel_next(struct frame *frame) {
  const uint8_t *at = inbox + inbox_read;
  size_t have = inbox_used - inbox_read;
  if (have < FRAME_HEADER) return false;
  uint32_t length = (uint32_t)at[1] | (uint32_t)at[2] << 8 | (uint32_t)at[3] << 16 | (uint32_t)at[4] << 24;
  if (length > CONTROL_PAYLOAD_MAX) fail("accept an oversized frame");
  if (have < FRAME_HEADER + (size_t)length) return false;
  *frame = (struct frame){.type = at[0], .length = length, .payload = at + FRAME_HEADER};
  inbox_read += FRAME_HEADER + (size_t)length;
  return true;
}

size_t channel_space(void) {
  if (outbox_start == outbox_end) outbox_start = outbox_end = 0;
  if (outbox_start > 0 && sizeof outbox - outbox_end < FRAME_HEADER + FRAME_PAYLOAD_MAX) {
    memmove(outbox, outbox + outbox_start, outbox_end - outbox_start);
    outbox_end -= outbox_start;
    outbox_start = 0;
  }
  /* One frame's space stays free for exit and failure reports. */
  size_t free_bytes = sizeof outbox - outbox_end;
  if (free_bytes < 2 * (FRAME_HEADER + FRAME_PAYLOAD_MAX)) return 0;
  return FRAME_PAYLOAD_MAX;
}

uint8_t *channel_begin(void) { return outbox + outbox_end + FRAME_HEADER; }

void channel_commit(uint8_t type, size_t length) {
  outbox[outbox_end] = type;
  put_length(outbox + outbox_end + 1, length);
  outbox_end += FRAME_HEADER + length;
}

void channel_send(uint8_t type, const void *payload, size_t length) {
  if (sizeof outbox - outbox_end < FRAME_HEADER + length) channel_flush_blocking();
  memcpy(channel_begin(), payload, length);
  channel_commit(type, length);
}

bool channel_pending(void) { return outbox_start < outbox_end; }

void channel_flush(void) {
  while (channel_pending()) {
    ssize_t count = write(1, outbox + outbox_start, outbox_end - outbox_start);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) _exit(1); /* the host has closed the pipe; the end of process 1 ends all others */
    outbox_start += (size_t)count;
  }
  outbox_start = outbox_end = 0;
}

void channel_flush_blocking(void) {
  for (channel_flush(); channel_pending(); channel_flush()) {
    struct pollfd out = {.fd = 1, .events = POLLOUT};
    poll(&out, 1, -1);
  }
}
