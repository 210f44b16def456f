// SPDX-License-Identifier: MIT

// A Go program with inlining, methods and generics, to compare its DWARF with its .gopclntab.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
)

type shape interface{ area() float64 }

type square struct{ side float64 }

func (s square) area() float64 { return s.side * s.side }

type stack[T any] struct{ items []T }

func (s *stack[T]) push(item T) { s.items = append(s.items, item) }

//go:noinline
func words(text string) map[string]int {
	counts := map[string]int{}
	for _, word := range strings.Fields(text) {
		counts[clean(word)]++
	}
	return counts
}

func clean(word string) string { return strings.ToLower(strings.Trim(word, ".,")) }

func main() {
	shapes := stack[shape]{}
	for i := 0; i < 10; i++ {
		shapes.push(square{float64(i)})
	}
	sort.Slice(shapes.items, func(i, j int) bool {
		return shapes.items[i].area() > shapes.items[j].area()
	})
	fmt.Println(words(strings.Join(os.Args, " ")), shapes.items[0].area())
}
