import core.stdc.stdlib : exit;
import std.stdio;
import std.string;
import words.two;

int main(string[] args)
{
    writeln("args: ", args[1 .. $].join("|"));
    writeln("stdin: ", readln().strip);
    writeln("file: ", word);
    return 3;
}
