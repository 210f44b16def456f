// SPDX-License-Identifier: MIT
//! The Rust program of the matrix: closures, traits and generics from std.
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;

trait Shape {
    fn area(&self) -> f64;
}

struct Square(f64);
struct Circle(f64);

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}

impl Shape for Circle {
    fn area(&self) -> f64 {
        self.0 * self.0 * 3.0
    }
}

mod words {
    pub mod inner {
        use super::super::*;

        pub fn count(text: &str) -> HashMap<String, usize> {
            let mut counts = HashMap::new();
            text.split_whitespace()
                .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
                .for_each(|word| *counts.entry(word.to_string()).or_insert(0) += 1);
            counts
        }

        pub fn sorted<T: Display>(items: &[T]) -> BTreeMap<String, usize> {
            items.iter().enumerate().map(|(i, item)| (format!("{item:>8}"), i)).collect()
        }
    }
}

fn main() {
    let shapes: Vec<Box<dyn Shape>> = (1..10)
        .map(|i| -> Box<dyn Shape> {
            if i % 2 == 0 { Box::new(Square(i as f64)) } else { Box::new(Circle(i as f64)) }
        })
        .collect();
    let total: f64 = shapes.iter().map(|shape| shape.area()).sum();
    let text = std::env::args().collect::<Vec<_>>().join(" ");
    let counts = words::inner::count(&text);
    let sorted = words::inner::sorted(&["pear", "apple", "fig"]);
    println!("{total} {} {:?}", counts.len(), sorted.keys().next());
}
