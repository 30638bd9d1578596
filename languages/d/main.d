// Press Run, type a number in the console, and press Enter.
import std;

/// Computed by the compiler, and only read when the program runs.
enum squares = iota(1, 41).map!(n => n * n).array;

void main()
{
    write("Hello from D! Which number shall we make of squares? ");
    stdout.flush();
    auto answer = readln().strip;
    auto wanted = answer.isNumeric ? answer.to!double.to!int : 0;
    if (wanted < 1 || wanted > 1600)
        wanted = 60;

    int[] parts;
    for (auto rest = wanted; rest > 0; rest -= parts[$ - 1])
        parts ~= squares.filter!(square => square <= rest).maxElement;

    foreach (part; parts)
        writefln("%4d %s", part, "▇".replicate(cast(int) sqrt(cast(double) part)));
    writefln("%s = %(%s + %)", wanted, parts);
}
