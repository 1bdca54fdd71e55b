//! The figures of all rounds: medians, ratios within a round, two tables and one line of JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::step::{Done, Failed};

/// The small calls, as the programs name them, and what each is.
const CALLS: &[(&str, &str)] = &[
    ("nothing", "a function that does nothing"),
    ("method", "a method that reads a flag"),
    ("guarded", "the same, by hand with a `SafeHandle`"),
    ("echo", "64 bytes there and back"),
    ("report", "a report out and one in, by callbacks"),
];
const UNLOCK: &str = "unlock";
/// How many reports an unlock took.
const REPORTS: &str = "reports";
const BARE: &str = "bare";
const GENERATED: &str = "generated";
const RUST: &str = "Rust";
/// How the programs end their names whose callbacks are JNA's: these are no binding's own cost.
const JNA: &str = "JNA";
/// What a generated call may cost of the bare one; C# alone.
const MOST_CALL: f64 = 1.3;
/// What an unlock may cost of the one in Rust.
const MOST_UNLOCK: f64 = 1.5;

/// Of which program, of what, by which way.
type Key = (&'static str, String, String);

/// All figures; those of one round are compared with each other.
#[derive(Default)]
pub struct Figures {
    rounds: Vec<BTreeMap<Key, f64>>,
}

/// Median and range of one figure.
struct Spread {
    median: f64,
    lowest: f64,
    highest: f64,
}

impl Figures {
    /// What comes from now on belongs to another round.
    pub fn begin_round(&mut self) {
        self.rounds.push(BTreeMap::new());
    }

    /// A line of a program: `name how value`.
    pub fn take(&mut self, program: &'static str, line: &str) -> Done {
        let strange = || Failed(format!("{program} answered {line:?}"));
        let words: Vec<&str> = line.split(' ').collect();
        let [name, how, value] = words.as_slice() else {
            return Err(strange());
        };
        let value = value.parse().map_err(|_| strange())?;
        let round = self.rounds.last_mut().ok_or_else(strange)?;
        round.insert((program, (*name).to_owned(), (*how).to_owned()), value);
        Ok(())
    }

    /// The tables in Markdown, then the same as JSON.
    pub fn print(&self) {
        let programs = self.programs();
        println!(
            "\n| runtime | call | by hand, ns | generated, ns | ratio (lowest to highest) | at most | reached |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        let mut calls = Vec::new();
        for (program, (name, words)) in pairs(&programs, CALLS) {
            let (bare, generated) = ((program, name, BARE), (program, name, GENERATED));
            let (Some(hand), Some(own), Some(ratio)) =
                (self.of(bare), self.of(generated), self.ratio(generated, bare))
            else {
                continue;
            };
            let most = program.starts_with("C#").then_some(MOST_CALL);
            println!(
                "| {program} | {words} | {:.0} | {:.0} | {} | {} |",
                hand.median,
                own.median,
                ratio.words(),
                judged(&ratio, most)
            );
            calls.push(json!({
                "runtime": program, "call": name, "by_hand_ns": hand.json(), "generated_ns": own.json(),
                "ratio": ratio.json(), "at_most": most, "reached": most.map(|most| ratio.median <= most),
            }));
        }
        println!(
            "\n| runtime | unlock | µs | of Rust's (lowest to highest) | without JNA's callbacks | at most | reached | reports | callbacks alone, µs |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        let mut unlocks = Vec::new();
        for (program, how) in programs
            .iter()
            .flat_map(|program| ["rust", BARE, GENERATED].map(|how| (*program, how)))
        {
            let rust = (RUST, UNLOCK, "rust");
            let (Some(time), Some(ratio)) = (
                self.of((program, UNLOCK, how)),
                self.ratio((program, UNLOCK, how), rust),
            ) else {
                continue;
            };
            let most = (how == GENERATED).then_some(MOST_UNLOCK);
            let reports = self.of((program, REPORTS, GENERATED)).map(|count| count.median);
            let pair = self.of((program, "report", how)).map(|time| time.median);
            // Measured as one out and one in.
            let callbacks = reports.zip(pair).map(|(count, pair)| count * pair / 2.0);
            let apart = self.ratio_apart(
                (program, UNLOCK, how),
                rust,
                callbacks.filter(|_| program.ends_with(JNA)),
            );
            let counts = apart.as_ref().unwrap_or(&ratio);
            let cell = |value: Option<f64>, unit: f64| {
                value.map_or(String::new(), |value| format!("{:.0}", value / unit))
            };
            println!(
                "| {program} | {} | {:.0} | {} | {} | {} | {} | {} |",
                if how == BARE { "by hand" } else { how },
                time.median / 1e3,
                ratio.words(),
                apart.as_ref().map_or(String::new(), Spread::words),
                judged(counts, most),
                cell(reports, 1.0),
                cell(callbacks, 1e3),
            );
            unlocks.push(json!({
                "runtime": program, "by": how, "ns": time.json(), "of_rust": ratio.json(),
                "of_rust_without_jnas_callbacks": apart.as_ref().map(Spread::json), "at_most": most,
                "reached": most.map(|most| counts.median <= most), "reports": reports, "callbacks_ns": callbacks,
            }));
        }
        println!(
            "\n{}",
            json!({ "rounds": self.rounds.len(), "calls": calls, "unlocks": unlocks })
        );
    }

    /// The names of the programs, sorted.
    fn programs(&self) -> Vec<&'static str> {
        let mut all: Vec<&'static str> = self
            .rounds
            .iter()
            .flatten()
            .map(|((program, ..), _)| *program)
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn values(&self, (program, name, how): (&'static str, &str, &str)) -> Vec<Option<f64>> {
        let key = (program, name.to_owned(), how.to_owned());
        self.rounds.iter().map(|round| round.get(&key).copied()).collect()
    }

    fn of(&self, key: (&'static str, &str, &str)) -> Option<Spread> {
        Spread::of(self.values(key).into_iter().flatten())
    }

    /// The same where each of the first took so many nanoseconds less.
    fn ratio_apart(
        &self,
        one: (&'static str, &str, &str),
        other: (&'static str, &str, &str),
        less: Option<f64>,
    ) -> Option<Spread> {
        let less = less?;
        let both = self.values(one).into_iter().zip(self.values(other));
        Spread::of(both.filter_map(|(one, other)| Some((one? - less) / other?)))
    }

    /// Of one to the other, round by round.
    fn ratio(&self, one: (&'static str, &str, &str), other: (&'static str, &str, &str)) -> Option<Spread> {
        self.ratio_apart(one, other, Some(0.0))
    }
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Some(Self {
            median: *values.get(values.len() / 2)?,
            lowest: *values.first()?,
            highest: *values.last()?,
        })
    }

    fn words(&self) -> String {
        format!("{:.2} ({:.2} to {:.2})", self.median, self.lowest, self.highest)
    }

    fn json(&self) -> Value {
        json!({ "median": self.median, "lowest": self.lowest, "highest": self.highest })
    }
}

fn pairs<'a, T: Copy>(
    programs: &'a [&'static str],
    others: &'a [T],
) -> impl Iterator<Item = (&'static str, T)> + 'a {
    programs
        .iter()
        .flat_map(move |program| others.iter().map(move |other| (*program, *other)))
}

/// Two cells: what is allowed, and whether the median is within it.
fn judged(ratio: &Spread, most: Option<f64>) -> String {
    match most {
        Some(most) => format!("{most} | {}", if ratio.median <= most { "yes" } else { "no" }),
        None => " | ".into(),
    }
}
