. words/two.sh

IFS="|"
echo "args: $*"
read -r line
echo "stdin: $line"
echo "file: $word"
exit 3
