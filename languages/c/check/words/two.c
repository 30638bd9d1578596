#include "two.h"

const char *word(void) { return "second"; }
