//! The lines that switch it while it runs.

use core::time::Duration;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use fido_unlock_mock::Touch;

use crate::key::{Faults, Port};

/// The lines, for `--help`; README.md says more of each.
pub(crate) const LINES: &str = "\
Lines on standard input or --control, each answered with `ok` or `error: ...`:
  insert, remove          put the key in, take it out; with `both` also one way: insert card, remove usb
  touch on|off|refuse     the key is touched when it blinks (at first), is not, or the touch is refused
  fault slow MS           each answer takes that long
  fault silent            nothing is answered
  fault pull BYTES        the key is pulled once, after so many more bytes
  fault garbage           answers are random bytes
  fault foreign           another program's reports, or another applet selected once
  fault stale             the last answer comes once more
  fault none              all faults end
  status                  whether the key is in, messages handled, touches waited for
  quit                    the program ends";

/// Lines from standard input.
pub(crate) fn console(port: &Arc<dyn Port>, quit: &Sender<()>) -> std::io::Result<()> {
    let (port, quit) = (Arc::clone(port), quit.clone());
    std::thread::Builder::new().spawn(move || {
        serve(&*port, &quit, std::io::stdin().lock(), std::io::stdout());
    })?;
    Ok(())
}

/// Lines from a socket at `path`; one left there by a process that has ended is replaced.
pub(crate) fn listen(path: &Path, port: &Arc<dyn Port>, quit: &Sender<()>) -> std::io::Result<()> {
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse && UnixStream::connect(path).is_err() => {
            std::fs::remove_file(path)?;
            UnixListener::bind(path)?
        }
        other => other?,
    };
    let (port, quit) = (Arc::clone(port), quit.clone());
    std::thread::Builder::new().spawn(move || {
        for stream in listener.incoming().flatten() {
            let (port, quit) = (Arc::clone(&port), quit.clone());
            // Without a thread nobody answers, and the caller sees the end of the stream.
            let _ = std::thread::Builder::new().spawn(move || {
                serve(&*port, &quit, BufReader::new(&stream), &stream);
            });
        }
    })?;
    Ok(())
}

/// Answers each line with one: `ok` or `error`.
fn serve(port: &dyn Port, quit: &Sender<()>, input: impl BufRead, mut output: impl Write) {
    for line in input.lines() {
        let Ok(line) = line else { return };
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match words[..] {
            [] => continue,
            ["quit"] => {
                // Main is at its end where it does not listen.
                let _ = quit.send(());
                Ok("ok".to_owned())
            }
            _ => command(port, &words),
        };
        let answer = answer.unwrap_or_else(|error| format!("error: {error}"));
        if writeln!(output, "{answer}")
            .and_then(|()| output.flush())
            .is_err()
        {
            return;
        }
    }
}

fn command(port: &dyn Port, words: &[&str]) -> Result<String, String> {
    let key = port.key();
    match words {
        ["insert"] => port.insert().map_err(|error| error.to_string())?,
        ["remove"] => port.remove(),
        ["insert", way] => part(port, way)?.insert().map_err(|error| error.to_string())?,
        ["remove", way] => part(port, way)?.remove(),
        ["touch", "on"] => key.button.set(Touch::After(1)),
        ["touch", "off"] => key.button.set(Touch::Never),
        ["touch", "refuse"] => key.button.set(Touch::Refused),
        ["touch", ..] => return Err("expected on, off or refuse".into()),
        ["status"] => {
            return Ok(format!(
                "ok {} messages {} touches {}",
                port.state(),
                key.device.messages(),
                key.button.waits()
            ));
        }
        ["fault", "stale"] => port.stale(),
        ["fault", fault @ ..] => {
            switch(&mut key.faults(), fault)?;
            port.faults_changed();
        }
        _ => return Err("expected insert, remove, touch, fault, status or quit".into()),
    }
    Ok("ok".into())
}

fn part<'a>(port: &'a dyn Port, way: &str) -> Result<&'a dyn Port, String> {
    port.way(way)
        .ok_or_else(|| format!("{way}: only `both` has usb and card as separate ways"))
}

fn switch(faults: &mut Faults, words: &[&str]) -> Result<(), String> {
    let number = |text: &str| text.parse().map_err(|error| format!("{text}: {error}"));
    match words {
        ["none"] => *faults = Faults::default(),
        ["slow", milliseconds] => faults.slow = Duration::from_millis(number(milliseconds)?),
        ["silent"] => faults.silent = true,
        ["pull", bytes] => faults.pull = Some(number(bytes)?),
        ["garbage"] => faults.garbage = true,
        ["foreign"] => faults.foreign = true,
        _ => return Err("expected none, slow MS, silent, pull BYTES, garbage, foreign or stale".into()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::key::Key;

    struct Fake(Arc<Key>);

    impl Port for Fake {
        fn key(&self) -> &Key {
            &self.0
        }
        fn insert(&self) -> std::io::Result<()> {
            Err(ErrorKind::AddrNotAvailable.into())
        }
        fn remove(&self) {}
        fn state(&self) -> &'static str {
            "removed"
        }
        fn faults_changed(&self) {}
        fn stale(&self) {}
    }

    #[test]
    fn each_line_has_one_answer_and_wrong_ones_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let port = Fake(Key::in_file(&folder.path().join("key")).unwrap());
        let (quit, quitting) = mpsc::channel();
        let mut output = Vec::new();
        let input = "\n fault  slow 250\nfault slow -1\nfault pull 7\nfault nonsense\nfault\ntouch now\nwhat\n\
                     insert\nremove\ntouch off\nstatus\nquit\n";
        serve(&port, &quit, input.as_bytes(), &mut output);
        let output = String::from_utf8(output).unwrap();
        let kinds: Vec<&str> = output
            .lines()
            .map(|line| line.split([' ', ':']).next().unwrap())
            .collect();
        let (ok, error) = ("ok", "error");
        assert_eq!(
            kinds,
            [ok, error, ok, error, error, error, error, error, ok, ok, ok, ok],
            "{output}"
        );
        assert_eq!(output.lines().nth(5), Some("error: expected on, off or refuse"));
        assert!(output.contains("ok removed messages 0 touches 0"));
        let expected = Faults {
            slow: Duration::from_millis(250),
            pull: Some(7),
            ..Faults::default()
        };
        assert_eq!(*port.0.faults(), expected);
        assert!(quitting.try_recv().is_ok());
        switch(&mut port.0.faults(), &["none"]).unwrap();
        assert_eq!(*port.0.faults(), Faults::default());
    }
}
