<?php
require __DIR__ . "/words/two.php";

echo "args: ", implode("|", array_slice($argv, 1)), PHP_EOL;
echo "stdin: ", trim(fgets(STDIN)), PHP_EOL;
echo "file: ", WORD, PHP_EOL;
exit(3);
