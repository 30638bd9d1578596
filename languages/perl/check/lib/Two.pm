package Two;
use v5.36;

our $WORD = "second";

1;
