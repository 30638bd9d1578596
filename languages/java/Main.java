// Press Run, type a number in the console, and press Enter.
sealed interface Shape permits Circle, Square {}
record Circle(double radius) implements Shape {}
record Square(double side) implements Shape {}

double area(Shape shape) {
    return switch (shape) {
        case Circle(var radius) -> Math.PI * radius * radius;
        case Square(var side) -> side * side;
    };
}

void main() {
    var answer = IO.readln("Hello from Java! How large shall the shapes be? ");
    var size = answer != null && answer.matches("[1-9][0-9]?") ? Integer.parseInt(answer) : 3;

    for (var shape : List.of(new Circle(size), new Square(size))) {
        IO.println("%-20s has an area of %8.2f".formatted(shape, area(shape)));
    }
    IO.println("│" + "▒".repeat(2 * size) + "│");
}
