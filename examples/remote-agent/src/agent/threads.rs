//! The threads that wait for keys and for lines.

use std::io::BufRead;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use zeroize::Zeroizing;

use super::Event;
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
        let event = match keys.next(WATCH) {
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
