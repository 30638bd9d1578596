#include <stdio.h>
#include <string.h>

#include "words/two.h"

int main(int argc, char **argv) {
  printf("args: ");
  for (int i = 1; i < argc; i++) printf("%s%s", i > 1 ? "|" : "", argv[i]);
  char line[80];
  if (fgets(line, sizeof line, stdin) == NULL) return 1;
  line[strcspn(line, "\r\n")] = 0;
  puts("");
  printf("stdin: %s", line);
  puts("");
  printf("file: %s", word());
  puts("");
  return 3;
}
