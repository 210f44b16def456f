// SPDX-License-Identifier: MIT
// Two threads that sort and fill maps, for the seconds given.
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[inline(never)]
fn fill(n: u64) -> u64 {
    let mut map = BTreeMap::new();
    for i in 0..n {
        map.insert(i * 7919 % 1009, format!("{}", i));
    }
    map.values().map(|text| text.len() as u64).sum()
}

#[inline(never)]
fn sort(n: u64) -> u64 {
    let mut numbers: Vec<u64> = (0..n).map(|i| i * 7919 % 1013).collect();
    numbers.sort();
    numbers[0] + fill(n)
}

#[inline(never)]
fn work(seconds: u64) -> u64 {
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut sum = 0;
    while Instant::now() < end {
        sum += sort(200 + sum % 7);
    }
    sum
}

fn main() {
    let seconds = std::env::args().nth(1).unwrap().parse().unwrap();
    let other = std::thread::spawn(move || work(seconds));
    println!("{}", work(seconds) + other.join().unwrap());
}
