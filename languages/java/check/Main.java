import java.io.BufferedReader;
import java.io.InputStreamReader;
import words.Two;

public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println("args: " + String.join("|", args));
        System.out.println("stdin: " + new BufferedReader(new InputStreamReader(System.in)).readLine());
        System.out.println("file: " + Two.WORD);
        System.exit(3);
    }
}
