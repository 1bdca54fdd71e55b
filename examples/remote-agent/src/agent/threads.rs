//! The threads that wait for keys and for lines.

use std::io::{BufRead, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use fido_unlock::ErrorCode;
use zeroize::Zeroizing;

use super::Event;
use crate::Failure;
use crate::input::parse;
use crate::keys::{Change, Keys};
use crate::saved::Folder;
use crate::work;

/// How long the watching thread waits at a time.
const WATCH: Duration = Duration::from_millis(200);

/// Each key that comes is looked at where it was seen, one after the other.
pub(super) fn watch(mut keys: impl Keys, folder: &Folder, tell: &Sender<Event>, stopped: &AtomicBool) {
    let mut failed = None;
    while !stopped.load(Ordering::Relaxed) {
        let change = keys.next(WATCH);
        if change.is_ok() {
            failed = None;
        }
        let event = match change {
            Ok(None) => continue,
            Ok(Some(Change::Arrived(route))) => {
                let look = work::look(&*route, &folder.unresolved());
                Event::Looked(route, look)
            }
            Ok(Some(Change::Left(path))) => Event::Left(path),
            Err(failure) => {
                std::thread::sleep(WATCH);
                // The same again and again is said once.
                if failed.replace(failure.code) == Some(failure.code) {
                    continue;
                }
                Event::CannotWatch(failure)
            }
        };
        if tell.send(event).is_err() {
            return;
        }
    }
}

/// Lines of standard input, until it ends.
pub(super) fn read(mut input: impl BufRead, tell: &Sender<Event>) {
    loop {
        let mut line = Zeroizing::new(String::new());
        let event = match input.read_line(&mut line) {
            // A PIN in another character set: that line is wrong, those that follow may be right.
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                Event::Line(Err(Failure::new(ErrorCode::Usage, "a line must be UTF-8")))
            }
            Ok(0) | Err(_) => Event::InputEnded,
            Ok(_) => match parse(&line) {
                Ok(None) => continue,
                Ok(Some(command)) => Event::Line(Ok(command)),
                Err(failure) => Event::Line(Err(failure)),
            },
        };
        let last = matches!(event, Event::InputEnded);
        if tell.send(event).is_err() || last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_line_that_is_not_utf8_does_not_end_the_input() {
        let (tell, events) = channel();
        read(&b"pin 7HF8 caf\xE9\ncancel\n"[..], &tell);
        drop(tell);
        let told: Vec<Option<ErrorCode>> = events
            .iter()
            .map(|event| match event {
                Event::Line(Err(failure)) => Some(failure.code),
                _ => None,
            })
            .collect();
        assert_eq!(told, [Some(ErrorCode::Usage), Some(ErrorCode::Usage), None]);
    }
}
