<?php
// Press Run, type a year in the console, and press Enter.
declare(strict_types=1);

echo "Hello from PHP! A calendar of which year? ";
$year = (int) trim(fgets(STDIN) ?: "");
if ($year < 1583 || $year > 9999) {
    $year = (int) date("Y");
}

foreach ([1, 4, 7, 10] as $month) {
    $first = new DateTimeImmutable("$year-$month-01");
    echo PHP_EOL, str_pad($first->format("F Y"), 20, " ", STR_PAD_BOTH), PHP_EOL;
    $days = range(1, (int) $first->format("t"));
    $cells = [...array_fill(0, (int) $first->format("N") - 1, ""), ...$days];
    foreach (array_chunk($cells, 7) as $week) {
        echo implode(" ", array_map(fn ($day) => str_pad((string) $day, 2, " ", STR_PAD_LEFT), $week)), PHP_EOL;
    }
}
