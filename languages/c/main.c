// Press Run, type a number in the console, and press Enter.
#include <stdio.h>

int main(void) {
    int rows = 0;
    printf("Hello from C! How tall shall the tree be? ");
    fflush(stdout);
    if (scanf("%d", &rows) != 1 || rows < 1 || rows > 20) rows = 6;

    for (int row = 0; row < rows; row++) {
        printf("%*s", rows - row, "");
        for (int i = 0; i < 2 * row + 1; i++) putchar(i % 3 == 1 ? 'o' : '*');
        puts("");
    }
    printf("%*s", rows, "");
    puts("|");
    return 0;
}
