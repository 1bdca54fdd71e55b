//! getInfo and changePIN on the same device: the stack alone, this library, and clients that are not
//! ours. They take turns, each alone on the device: hidraw gives every report to every opener.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use fido_unlock::Interface;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock_tests::{NEW_PIN, OLD_PIN};

use crate::device::{Key, Traffic};
use crate::measure::{Plan, us};
use crate::ours::{self, Counter};
use crate::row::{FLOOR, OURS, Row, Task};
use crate::stack::Stack;

/// Runs of one client before it is another's turn.
const TURN: usize = 20;

/// Somebody who talks to the device.
pub trait Client {
    fn name(&self) -> &'static str;

    /// Opens the device, does the task so often, and closes it; the time of each, in microseconds, or
    /// `None` where it is not able to. `ready` is called when the device is open, and what comes first
    /// on an open device was done: what was sent before is not counted.
    fn turn(&mut self, task: Task, count: usize, ready: &mut dyn FnMut()) -> Option<Vec<f64>>;
}

/// What was measured of a client in all its turns.
#[derive(Clone, Default)]
struct Measured {
    times: Vec<f64>,
    /// Of one run, in the last turn.
    traffic: Traffic,
}

/// All rows of all clients.
pub fn measure(stack: &'static str, clients: &mut [&mut dyn Client], key: &Key, plan: Plan) {
    for task in Task::ALL {
        let mut all = vec![Measured::default(); clients.len()];
        for turn in 0..plan.count.div_ceil(TURN) {
            let runs = TURN.min(plan.count - turn * TURN);
            for (client, measured) in clients.iter_mut().zip(&mut all) {
                key.set_pin();
                let mut before = Traffic::default();
                let times = client.turn(task, runs, &mut || before = key.traffic());
                if let Some(times) = times {
                    measured.traffic = key.traffic().since(before, times.len());
                    measured.times.extend(times);
                }
            }
        }
        for (client, Measured { times, traffic }) in clients.iter().zip(all) {
            if !times.is_empty() {
                Row::new(stack, task.name(), client.name(), times, traffic).print();
            }
        }
    }
}

/// The PIN that a run finds, and the one that it sets; each turn begins with `OLD_PIN`.
fn pins(run: usize) -> (&'static str, &'static str) {
    if run.is_multiple_of(2) {
        (OLD_PIN, NEW_PIN)
    } else {
        (NEW_PIN, OLD_PIN)
    }
}

/// The stack alone: the bytes of this library's getInfo once more, which the authenticator answers.
pub struct Floor<'a, S> {
    pub stack: &'a S,
    pub key: &'a Key,
    pub ticks: &'a Counter,
}

impl<S: Stack> Client for Floor<'_, S> {
    fn name(&self) -> &'static str {
        FLOOR
    }

    fn turn(&mut self, task: Task, count: usize, ready: &mut dyn FnMut()) -> Option<Vec<f64>> {
        if task != Task::GetInfo {
            return None;
        }
        let recorded = {
            let mut transport = self.stack.open(Interface::Fido);
            ours::get_info(self.ticks, &mut transport);
            self.key.wire.record(|| {
                ours::get_info(self.ticks, &mut transport);
            })
        };
        let mut raw = self.stack.open_raw();
        ready();
        Some(
            (0..count)
                .map(|_| us(S::raw(&mut raw, &recorded, true)))
                .collect(),
        )
    }
}

/// This library.
pub struct Ours<'a, S> {
    pub stack: &'a S,
    pub ticks: &'a Counter,
}

impl<S: Stack> Client for Ours<'_, S> {
    fn name(&self) -> &'static str {
        OURS
    }

    fn turn(&mut self, task: Task, count: usize, ready: &mut dyn FnMut()) -> Option<Vec<f64>> {
        let mut transport = self.stack.open(Interface::Fido);
        // The first one selects the applet, or allocates the channel.
        ours::get_info(self.ticks, &mut transport);
        ready();
        let timed = |run| match task {
            Task::GetInfo => ours::get_info(self.ticks, &mut transport),
            Task::ChangePin(protocol) => {
                let (old, new) = pins(run);
                ours::change_pin(self.ticks, &mut transport, protocol, old, new)
            }
        };
        Some((0..count).map(timed).map(us).collect())
    }
}

/// A client that is a library of Rust.
pub struct Linked<Open, Info, Change> {
    pub name: &'static str,
    /// The one PIN/UV auth protocol that it speaks.
    pub protocol: PinProtocol,
    pub open: Open,
    pub get_info: Info,
    pub change_pin: Change,
}

impl<Opened, Open, Info, Change> Client for Linked<Open, Info, Change>
where
    Open: FnMut() -> Opened,
    Info: FnMut(&Opened),
    Change: FnMut(&Opened, &str, &str),
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn turn(&mut self, task: Task, count: usize, ready: &mut dyn FnMut()) -> Option<Vec<f64>> {
        if matches!(task, Task::ChangePin(protocol) if protocol != self.protocol) {
            return None;
        }
        let opened = (self.open)();
        // As above.
        (self.get_info)(&opened);
        ready();
        let timed = |run| {
            let (old, new) = pins(run);
            let begin = Instant::now();
            if task == Task::GetInfo {
                (self.get_info)(&opened);
            } else {
                (self.change_pin)(&opened, old, new);
            }
            begin.elapsed()
        };
        Some((0..count).map(timed).map(us).collect())
    }
}

/// A program of `peers/`, which measures itself. For each line `TASK COUNT` on its standard input it
/// opens the device, says "ready", waits for a line, does the task, says the nanoseconds of each in a
/// line, closes the device, and says "closed".
pub struct Process {
    name: &'static str,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    pub fn start(name: &'static str, command: &mut Command) -> Self {
        let mut child = command
            .args([OLD_PIN, NEW_PIN])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        Self {
            name,
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Client for Process {
    fn name(&self) -> &'static str {
        self.name
    }

    fn turn(&mut self, task: Task, count: usize, ready: &mut dyn FnMut()) -> Option<Vec<f64>> {
        let word = match task {
            Task::GetInfo => "getInfo",
            // With the protocol that they prefer.
            Task::ChangePin(PinProtocol::Two) => "changePIN",
            Task::ChangePin(PinProtocol::One) => return None,
        };
        writeln!(self.input, "{word} {count}").unwrap();
        assert_eq!(self.line(), "ready", "{}", self.name);
        ready();
        writeln!(self.input).unwrap();
        let line = self.line();
        let times: Vec<f64> = line
            .split_whitespace()
            .map(|word| us(Duration::from_nanos(word.parse().unwrap())))
            .collect();
        assert_eq!(times.len(), count, "{}", self.name);
        // The next one is alone on the device again.
        assert_eq!(self.line(), "closed", "{}", self.name);
        Some(times)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
