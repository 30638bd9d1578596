// Press Run, type a number in the console, and press Enter.
data class Planet(val name: String, val daysAYear: Double)

val planets = listOf(
    Planet("Mercury", 87.97),
    Planet("Venus", 224.7),
    Planet("Mars", 686.98),
    Planet("Jupiter", 4332.59),
)

fun Double.bar() = "█".repeat(minOf(toInt() / 4 + 1, 60))

fun main() {
    print("Hello from Kotlin! How old are you? ")
    val age = readlnOrNull()?.toDoubleOrNull() ?: 30.0

    for ((name, year) in planets) {
        val years = age * 365.25 / year
        println("${name.padEnd(8)} ${"%7.1f".format(years)} years ${years.bar()}")
    }
}
