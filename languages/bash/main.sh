#!/usr/bin/env bash
# Press Run, type your name in the console, and press Enter.
printf '\e[92mHello from Bash %s!\e[0m\n' "$BASH_VERSION"
printf 'What is your name? '
read -r name

for color in 91 93 92 96 94 95; do
  printf '\e[%sm▌ Welcome, %s!\e[0m\n' "$color" "${name:-stranger}"
done
