//! Clients that are not ours, doing getInfo and changePIN on the same device.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use fido_unlock_tests::{NEW_PIN, OLD_PIN};

use crate::device::Key;
use crate::measure::{CHANGE_PIN, GET_INFO, Plan, us};
use crate::report::Row;

/// A program of `peers/`, which measures itself.
pub fn process(stack: &'static str, who: &str, mut command: Command, key: &Key, plan: Plan) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{who}: {error}"));
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    key.set_pin();
    for what in [GET_INFO, CHANGE_PIN] {
        assert_eq!(line(), "ready", "{who}");
        let before = key.traffic();
        writeln!(input).unwrap();
        let times: Vec<f64> = line()
            .split_whitespace()
            .map(|nanoseconds| nanoseconds.parse::<f64>().unwrap() / 1000.0)
            .collect();
        assert_eq!(times.len(), plan.count, "{who}");
        let traffic = key.traffic().since(before, plan.count);
        Row::new(stack, what, who, times, traffic).print();
    }
    assert!(child.wait().unwrap().success(), "{who}");
}

/// A client that is a library of Rust.
pub fn in_this_process(
    stack: &'static str,
    who: &str,
    key: &Key,
    plan: Plan,
    mut get_info: impl FnMut(usize),
    mut change_pin: impl FnMut(&str, &str),
) {
    key.set_pin();
    get_info(0);
    let row = |what, work: &mut dyn FnMut(usize)| {
        let before = key.traffic();
        let times = (0..plan.count)
            .map(|run| {
                let begin = Instant::now();
                work(run);
                us(begin.elapsed())
            })
            .collect();
        let traffic = key.traffic().since(before, plan.count);
        Row::new(stack, what, who, times, traffic).print();
    };
    row(GET_INFO, &mut get_info);
    row(CHANGE_PIN, &mut |run| {
        let pins = [OLD_PIN, NEW_PIN];
        change_pin(pins[run % 2], pins[(run + 1) % 2]);
    });
}
