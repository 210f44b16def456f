// SPDX-License-Identifier: MIT
// Says what stacks its own runtime sees at each call of main.hit: one line of function names a hit,
// leaf first, inlined calls left out.  Goroutines, deep recursion, interfaces, defer and closures.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
)

var (
	mutex sync.Mutex
	out   []string
)

// What a probe is put on; told apart from its caller only by being called last.
//
//go:noinline
func hit() {
}

//go:noinline
func note() {
	var pcs [256]uintptr
	n := runtime.Callers(2, pcs[:])
	frames := runtime.CallersFrames(pcs[:n])
	names := []string{"main.hit"}
	for {
		frame, more := frames.Next()
		names = append(names, frame.Function)
		if !more {
			break
		}
	}
	mutex.Lock()
	out = append(out, strings.Join(names, " "))
	mutex.Unlock()
}

//go:noinline
func reach() {
	note()
	hit()
}

//go:noinline
func recurse(n int) int {
	var large [100]int
	large[n%100] = n
	if n == 0 {
		reach()
		return large[0]
	}
	return recurse(n-1) + large[n%100]
}

type shape interface{ area(n int) int }
type square struct{ side int }

//go:noinline
func (s *square) area(n int) int {
	reach()
	return s.side * n
}

//go:noinline
func deferred() {
	defer reach()
	recurse(3)
}

//go:noinline
func call(f func(int)) {
	f(1)
}

func main() {
	var group sync.WaitGroup
	for i := 0; i < 5; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			recurse(20)
			deferred()
		}()
	}
	group.Wait()
	var s shape = &square{2}
	s.area(3)
	call(func(n int) { reach() })
	recurse(100)
	for _, line := range out {
		fmt.Fprintln(os.Stdout, line)
	}
}
