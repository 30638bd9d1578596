import sys

from words import two

print("args:", "|".join(sys.argv[1:]))
print("stdin:", input())
print("file:", two.word)
sys.exit(3)
