// SPDX-License-Identifier: MIT
// Go that calls C, from the first goroutine and from another: C runs on the thread's own stack.
package main

/*
__attribute__((noinline)) void hit(void) { __asm__ volatile(""); }
__attribute__((noinline)) static int inner(int n) { hit(); return n + 1; }
__attribute__((noinline)) int outer(int n) { volatile char big[3000]; big[n] = 1; return inner(n) + big[n]; }
*/
import "C"
import "fmt"

//go:noinline
func leaf(n int) int { return int(C.outer(C.int(n))) }

//go:noinline
func mid(n int) int { return leaf(n) * 2 }

func main() {
	s := 0
	for i := 0; i < 50; i++ {
		s += mid(i)
	}
	done := make(chan int)
	go func() { done <- mid(7) }()
	fmt.Println(s + <-done)
}
