use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Two;

say "args: ", join("|", @ARGV);
my $line = <STDIN>;
chomp $line;
say "stdin: $line";
say "file: $Two::WORD";
exit 3;
