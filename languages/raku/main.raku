# Press Run, type a date such as 2000-02-29 in the console, and press Enter.
grammar Day {
    token TOP { <year> '-' <month> '-' <day> }
    token year { <digit> ** 4 }
    token month { <digit> ** 1..2 }
    token day { <digit> ** 1..2 }
}

my $answer = prompt("Hello from Raku! When were you born? ") // "";
my $date = do with Day.parse($answer.trim) {
    try Date.new: +.<year>, +.<month>, +.<day>
};
$date //= Date.new: 2000, 2, 29;

my @names = <Monday Tuesday Wednesday Thursday Friday Saturday Sunday>;
say "$date was a @names[$date.day-of-week - 1].";

my @leaps = ($date.year ^.. $date.year + 40).grep: { Date.new($_, 1, 1).is-leap-year };
say "Leap years after it: @leaps.join(' ')";
say [~] ('▁'..'█').list[$date.day-of-year % 8] xx 12;
