//! The agent as it runs in a test: keys that come and go, a keyboard, and what it says.

use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::Transport;
use fido_unlock::{ErrorCode, Interface};
use fido_unlock_system::SystemEntropy;
use remote_agent::keys::{Change, Keys, Route};
use remote_agent::{DeskOptions, Failure, Options, app};
use serde_json::Value;

use crate::PATIENCE;
use crate::support::key::Key;

/// Keys that come and go when the test says so.
struct Scripted(Receiver<Change>);

impl Keys for Scripted {
    fn next(&mut self, timeout: Duration) -> Result<Option<Change>, Failure> {
        Ok(self.0.recv_timeout(timeout).ok())
    }
}

/// A way to the software key.
pub struct SoftRoute {
    pub key: Key,
    pub interface: Interface,
    pub path: &'static str,
    /// How often opening it fails first.
    pub busy: Mutex<u32>,
}

impl Route for SoftRoute {
    fn name(&self) -> &str {
        "Software key"
    }
    fn kind(&self) -> &'static str {
        "port"
    }
    fn path(&self) -> &str {
        self.path
    }
    fn open(&self) -> Result<Box<dyn Transport>, Failure> {
        let mut busy = self.busy.lock().unwrap();
        if *busy > 0 {
            *busy -= 1;
            return Err(ErrorCode::Busy.into());
        }
        let hid = self.key.device().hid(self.interface);
        Ok(Box::new(HidTransport::new(hid, SystemEntropy, self.interface)))
    }
}

/// Standard input that the test writes.
struct Typed {
    lines: Receiver<Vec<u8>>,
    left: Vec<u8>,
}

impl Read for Typed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left.is_empty() {
            self.left = self.lines.recv().unwrap_or_default();
        }
        let count = self.left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }
}

struct Said(Sender<Value>, Arc<Mutex<String>>);

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut text = self.1.lock().unwrap();
        let from = text.rfind('\n').map_or(0, |end| end + 1);
        text.push_str(std::str::from_utf8(bytes).unwrap());
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole > from {
            for line in text[from..whole].lines() {
                // The test may have seen enough.
                let _ = self.0.send(serde_json::from_str(line).unwrap());
            }
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The agent as it runs.
pub struct Running {
    pub plug: Sender<Change>,
    keyboard: Option<Sender<Vec<u8>>>,
    pub events: Receiver<Value>,
    text: Arc<Mutex<String>>,
    thread: JoinHandle<Result<(), Failure>>,
}

impl Running {
    pub fn start(state: &Path, desk: Option<DeskOptions>) -> Self {
        let (plug, keys) = channel();
        let (keyboard, lines) = channel();
        let (said, events) = channel();
        let text = Arc::new(Mutex::new(String::new()));
        let options = Options {
            state: state.into(),
            desk,
            pause: Duration::from_millis(10),
        };
        let typed = Typed {
            lines,
            left: Vec::new(),
        };
        let output = Said(said, Arc::clone(&text));
        let thread = std::thread::spawn(move || app(options, Scripted(keys), BufReader::new(typed), output));
        Self {
            plug,
            keyboard: Some(keyboard),
            events,
            text,
            thread,
        }
    }

    pub fn arrive(&self, route: SoftRoute) {
        self.plug.send(Change::Arrived(Arc::new(route))).unwrap();
    }

    pub fn type_line(&self, line: &str) {
        let keyboard = self.keyboard.as_ref().unwrap();
        keyboard.send(format!("{line}\n").into_bytes()).unwrap();
    }

    /// The next event, which must be this one.
    pub fn next(&self, event: &str) -> Value {
        let said = self
            .events
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("no {event}"));
        assert_eq!(said["event"], event, "{said}");
        said
    }

    pub fn error(&self, code: ErrorCode) {
        let said = self.next("error");
        assert_eq!(said["error"]["number"], code.number(), "{said}");
        assert_eq!(said["error"]["next_step"], code.next_step());
    }

    /// Ends the input and gives all that was said.
    pub fn end(mut self) -> String {
        self.keyboard = None;
        self.thread.join().unwrap().unwrap();
        let left: Vec<Value> = self.events.try_iter().collect();
        assert!(left.is_empty(), "{left:?}");
        self.text.lock().unwrap().clone()
    }
}
