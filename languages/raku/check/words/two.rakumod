unit module words::two;

sub word is export { "second" }
