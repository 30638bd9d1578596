using System;

class Program
{
    static int Main(string[] args)
    {
        Console.WriteLine("args: " + string.Join("|", args));
        Console.WriteLine("stdin: " + Console.ReadLine());
        Console.WriteLine("file: " + Words.Two.Word);
        return 3;
    }
}
