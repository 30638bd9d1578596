#!/usr/bin/env bash
# Press Run, type your name in the console, and press Enter.
echo "Hello from Bash $BASH_VERSION!"
read -r -p "What is your name? " name

for length in 1 2 3 5 8 13; do
  printf '%*s' "$length" | tr ' ' '*'
  echo " Welcome, ${name:-stranger}!"
done
