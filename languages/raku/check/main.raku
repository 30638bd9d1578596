use words::two;

say "args: @*ARGS.join('|')";
say "stdin: { $*IN.get }";
say "file: { word }";
exit 3;
