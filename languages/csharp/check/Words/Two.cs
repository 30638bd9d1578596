namespace Words
{
    public static class Two
    {
        public const string Word = "second";
    }
}
