# Press Run, type a sentence in the console, and press Enter.
use v5.36;
use utf8;
use open qw(:std :encoding(UTF-8));

print "Hello from Perl! Type a sentence: ";
my $sentence = <STDIN> // "";
chomp $sentence;
$sentence = "Practical extraction and report language" unless $sentence =~ /[a-z]/i;

my %times;
$times{lc $1}++ while $sentence =~ /([a-z])/gi;

for my $letter (sort { $times{$b} <=> $times{$a} || $a cmp $b } keys %times) {
    printf "%s %2d %s%s", $letter, $times{$letter}, "▪" x $times{$letter}, $/;
}
say "Vowels in capitals: ", $sentence =~ s/([aeiou])/uc $1/ger;
