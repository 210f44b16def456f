// SPDX-License-Identifier: MIT
// Goroutines that sort, hash and talk over a channel, for the seconds given.
package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

func leafWork(n int) int {
	s := 0
	for i := 0; i < n; i++ {
		h := sha256.Sum256([]byte(fmt.Sprint(i)))
		s += int(h[0])
	}
	return s
}

func middle(n int) int {
	words := []string{}
	for i := 0; i < n; i++ {
		words = append(words, strings.Repeat("x", i%17)+fmt.Sprint(i*7919%1009))
	}
	sort.Strings(words)
	return leafWork(n) + len(words[0])
}

func worker(wg *sync.WaitGroup, c chan int, end time.Time) {
	defer wg.Done()
	for time.Now().Before(end) {
		c <- middle(300)
	}
}

func main() {
	var wg sync.WaitGroup
	c := make(chan int, 16)
	n, _ := strconv.Atoi(os.Args[1])
	end := time.Now().Add(time.Duration(n) * time.Second)
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go worker(&wg, c, end)
	}
	go func() { wg.Wait(); close(c) }()
	s := 0
	for v := range c {
		s += v
	}
	fmt.Println(s)
}
