package words;

public class Two {
    public static final String WORD = "second";
}
