// Press Run, type a number in the console, and press Enter.
package main

import (
	"fmt"
	"strings"
)

func bar(n int, results chan<- string) {
	results <- fmt.Sprintf("%2d² = %3d %s", n, n*n, strings.Repeat("■", n))
}

func main() {
	fmt.Print("Hello from Go! How many goroutines shall we start? ")
	count := 0
	if _, err := fmt.Scan(&count); err != nil || count < 1 || count > 20 {
		count = 5
	}

	results := make(chan string)
	for n := 1; n <= count; n++ {
		go bar(n, results)
	}
	for range count {
		fmt.Println(<-results)
	}
	fmt.Println("They are in the order in which the goroutines finished.")
}
