//! Looks through the memory of another process.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Bytes in a row that count as found.
const WINDOW: usize = 8;

/// What is looked for.
pub struct Secrets(pub Vec<(&'static str, Vec<u8>)>);

impl Secrets {
    /// Each find in what the process may write: name and place.
    pub fn find(&self, process: u32) -> Vec<String> {
        let mut windows: HashMap<[u8; WINDOW], &str> = HashMap::new();
        let mut first_two = vec![false; 1 << 16];
        for (name, bytes) in &self.0 {
            for part in bytes.windows(WINDOW) {
                windows.insert(part.try_into().unwrap(), name);
                first_two[usize::from(part[0]) << 8 | usize::from(part[1])] = true;
            }
        }
        let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
        let memory = File::open(format!("/proc/{process}/mem")).unwrap();
        let mut found = Vec::new();
        let mut looked_at = 0;
        for line in maps.lines() {
            let mut fields = line.split_whitespace();
            let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
            let place = fields.nth(3).unwrap_or("anonymous").to_owned();
            if !rights.starts_with("rw") {
                continue;
            }
            let (from, to) = range.split_once('-').unwrap();
            let from = u64::from_str_radix(from, 16).unwrap();
            let to = u64::from_str_radix(to, 16).unwrap();
            let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
            if memory.read_exact_at(&mut bytes, from).is_err() {
                // A thread may have given it back meanwhile.
                continue;
            }
            looked_at += bytes.len();
            let mut last = usize::MAX;
            for (at, pair) in bytes.windows(2).enumerate() {
                if !first_two[usize::from(pair[0]) << 8 | usize::from(pair[1])] {
                    continue;
                }
                let Some(part) = bytes.get(at..at + WINDOW) else {
                    continue;
                };
                let Some(name) = windows.get(part) else { continue };
                // One line for bytes that follow each other.
                if last == usize::MAX || at != last + 1 {
                    found.push(format!("{name} in {place} at {:x}", from + at as u64));
                }
                last = at;
            }
        }
        assert!(looked_at > 100_000, "{looked_at}");
        found
    }
}
