// Press Run, type a number in the console, and press Enter.
using System;
using System.Linq;

class Program
{
    static void Main()
    {
        Console.Write("Hello from C#! How many rows shall the triangle have? ");
        if (!int.TryParse(Console.ReadLine(), out var rows) || rows < 1 || rows > 16) rows = 8;

        var row = new[] { 1L };
        for (var number = 0; number < rows; number++)
        {
            var text = string.Join("  ", row.Select(value => value.ToString().PadLeft(4)));
            Console.WriteLine(new string(' ', 3 * (rows - number)) + text);
            row = new[] { 1L }.Concat(row.Zip(row.Skip(1), (a, b) => a + b)).Concat(new[] { 1L }).ToArray();
        }
        Console.WriteLine($"The next row adds up to {row.Sum()}.");
    }
}
