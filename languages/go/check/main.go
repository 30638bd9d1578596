package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

func main() {
	fmt.Println("args: " + strings.Join(os.Args[1:], "|"))
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	fmt.Println("stdin: " + strings.TrimSpace(line))
	fmt.Println("file: " + word())
	os.Exit(3)
}
