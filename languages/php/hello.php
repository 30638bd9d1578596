<?php
echo "hello", PHP_EOL;
