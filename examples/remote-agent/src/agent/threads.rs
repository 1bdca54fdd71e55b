//! The threads that wait for keys and for lines.

use std::io::{BufRead, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use fido_unlock::text::{Lines, TextError};
use zeroize::Zeroizing;

use super::Event;
use crate::input::parse;
use crate::keys::{Change, Keys};
use crate::saved::Folder;
use crate::work;

/// Longest line of the input, in bytes: a code of four lines and more.
const LONGEST_LINE: usize = 1024;
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
    let mut lines = Lines::new(LONGEST_LINE);
    loop {
        let event = match next_line(&mut input, &mut lines) {
            // A PIN in another character set: that line is wrong, those that follow may be right.
            Some(Err(error)) => Event::Line(Err(error.into())),
            None => Event::InputEnded,
            Some(Ok(line)) => match parse(&line) {
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

/// `None` at the end, and where the input cannot be read.
fn next_line(input: &mut impl BufRead, lines: &mut Lines) -> Option<Result<Zeroizing<String>, TextError>> {
    loop {
        let bytes = match input.fill_buf() {
            Ok([]) => return lines.finish().transpose(),
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return None,
        };
        let (taken, line) = lines.push(bytes);
        input.consume(taken);
        if line.is_some() {
            return line;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use fido_unlock::ErrorCode;

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
        assert_eq!(
            told,
            [Some(ErrorCode::TextEncoding), Some(ErrorCode::Usage), None]
        );
    }

    #[test]
    fn what_a_shell_of_windows_writes_is_read() {
        let id = fido_unlock::DeviceId::from_bytes([7; 10]).to_code();
        let text = format!("\u{feff}cancel {id}\r\ncancel {id}\r\n");
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [text.as_bytes(), &utf16] {
            let (tell, events) = channel();
            read(bytes, &tell);
            drop(tell);
            let told: Vec<Event> = events.iter().collect();
            assert!(
                matches!(
                    told.as_slice(),
                    [Event::Line(Ok(_)), Event::Line(Ok(_)), Event::InputEnded]
                ),
                "{} events",
                told.len()
            );
        }
    }
}
