//! A private pcscd with vpcd's virtual readers, and cards for them.
//!
//! pcscd's socket has a fixed path, so each pcscd runs in a mount namespace of its own where that
//! path is a folder of the test; libpcsclite finds the socket there by an environment variable,
//! which each test gets by running itself again in a process of its own. That process has a network
//! namespace of its own: vpcd's ports are nobody else's, and nobody else reaches them.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fido_unlock_pcsc::{DeviceEntry, PcscError, list};

/// Where libpcsclite looks for pcscd's socket.
const SOCKET: &str = "PCSCLITE_CSOCK_NAME";
/// Longest wait for anything that must happen; generous, since other work may have the machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// A contactless card without historical bytes.
pub const CONTACTLESS: &[u8] = &[0x3B, 0x80, 0x80, 0x01, 0x01];

/// Runs `body` in a process of its own, which has a folder and a pcscd to itself. `name` is the
/// calling test's.
pub fn isolated(name: &str, body: impl FnOnce(&Path)) {
    if let Some(socket) = std::env::var_os(SOCKET) {
        return body(Path::new(&socket).parent().unwrap());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.log");
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(&path)
        .unwrap();
    let mut child = network()
        .args([
            "sh",
            "-c",
            "busybox ifconfig lo up && exec \"$0\" \"$@\" --exact --nocapture",
        ])
        .arg(std::env::current_exe().unwrap())
        .arg(name)
        .env(SOCKET, folder.path().join("pcscd.comm"))
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .expect("unshare, from Debian's package util-linux");
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if begun.elapsed() > 20 * PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let log = std::fs::read_to_string(&path).unwrap();
    // A name that is no test's would run none, and succeed.
    assert!(
        status.is_some_and(|status| status.success()) && log.contains("1 passed"),
        "{status:?}\n{log}"
    );
}

/// Runs a program in a network of its own.
fn network() -> Command {
    let mut command = Command::new("unshare");
    command.arg("--net");
    // Where this user is not root, a user namespace makes it so.
    if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() != 0) {
        command.arg("--map-root-user");
    }
    command
}

/// Waits until `found` gives something.
pub fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// How many threads of this process have that name.
pub fn threads(name: &str) -> usize {
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok())
        .filter(|found| found.trim() == name)
        .count()
}

/// Waits for the end of those threads: the system lists a thread for a moment after its last step.
pub fn threads_end(name: &str) {
    eventually("the end of the thread", || (threads(name) == 0).then_some(()));
}

/// A running pcscd; killed, as in a crash, when dropped.
pub struct Pcscd {
    process: Child,
    /// vpcd's ports, one for each reader.
    ports: Vec<u16>,
}

impl Pcscd {
    /// Starts it with two virtual readers, or with none.
    pub fn start(folder: &Path, with_readers: bool) -> Self {
        let names: &[&[u8]] = if with_readers { &[b"Virtual PCD"] } else { &[] };
        Self::start_named(folder, names)
    }

    /// Starts it with two virtual readers of each of these names.
    pub fn start_named(folder: &Path, names: &[&[u8]]) -> Self {
        let driver = PathBuf::from("/usr/lib/pcsc/drivers/serial/libifdvpcd.so");
        assert!(driver.exists(), "needs Debian's package vsmartcard-vpcd");
        let config = folder.join("readers");
        let _ = std::fs::remove_dir_all(&config);
        std::fs::create_dir_all(&config).unwrap();
        let mut ports = Vec::new();
        for (number, name) in names.iter().enumerate() {
            let port = two_ports();
            ports.extend([port, port + 1]);
            // The driver has one table of two readers in each place that it is loaded from.
            let place = match number {
                0 => driver.clone(),
                _ => folder.join(format!("vpcd{number}.so")),
            };
            if !place.exists() {
                std::fs::copy(&driver, &place).unwrap();
            }
            let rest = format!(
                "\"\nDEVICENAME /dev/null:0x{port:04X}\nLIBPATH {}\nCHANNELID 0x{port:04X}\n",
                place.display()
            );
            let reader = [&b"FRIENDLYNAME \""[..], *name, rest.as_bytes()].concat();
            let file = if number == 0 {
                "vpcd".to_owned()
            } else {
                format!("vpcd{number:02}")
            };
            std::fs::write(config.join(file), reader).unwrap();
        }
        let socket = folder.join("pcscd.comm");
        for stale in ["pcscd.comm", "pcscd.pid"] {
            let _ = std::fs::remove_file(folder.join(stale));
        }
        let log = std::fs::File::create(folder.join("pcscd.log")).unwrap();
        let process = Command::new("sh")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/pcscd.sh"))
            .args([folder, &config])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("sh");
        let mut pcscd = Self { process, ports };
        eventually("pcscd's socket (packages pcscd, vsmartcard-vpcd)", || {
            if let Some(status) = pcscd.process.try_wait().unwrap() {
                panic!(
                    "pcscd ended: {status} {}",
                    std::fs::read_to_string(folder.join("pcscd.log")).unwrap_or_default()
                );
            }
            // The file is there a moment before anybody listens.
            UnixStream::connect(&socket).ok()
        });
        pcscd
    }

    /// Sends it a signal, by name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.process.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Puts a card into the reader of this number.
    pub fn insert(&self, reader: usize, atr: &[u8], model: impl Model + 'static) -> VirtualCard {
        VirtualCard::insert(self.ports[reader], atr, model)
    }

    /// Puts it in and waits until the service sees it; gives its entry too.
    pub fn insert_seen(&self, atr: &[u8], model: impl Model + 'static) -> (VirtualCard, DeviceEntry) {
        let card = self.insert(0, atr, model);
        (card, first_card())
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The first reader, once a card is in it.
pub fn first_card() -> DeviceEntry {
    eventually("a card in the first reader", || {
        first_reader().filter(|entry| entry.access.is_ok())
    })
}

/// The first reader, once no card is in it.
pub fn first_empty() -> DeviceEntry {
    eventually("no card in the first reader", || {
        first_reader().filter(|entry| entry.access == Err(PcscError::NoCard))
    })
}

fn first_reader() -> Option<DeviceEntry> {
    // A service that has much to do may not answer in time.
    list().ok()?.into_iter().next()
}

/// A port and its successor, for vpcd's two readers; others for each pcscd, so that a card of the last one
/// does not go into the next one by itself. None is of those that the system gives to outgoing connections,
/// which anybody might get before vpcd does.
fn two_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    eventually("two free ports", || {
        let port = NEXT.fetch_add(2, Ordering::Relaxed);
        let is_free = |port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok();
        (is_free(port) && is_free(port + 1)).then_some(port)
    })
}

/// What a reader does with a card.
pub enum Frame<'a> {
    PowerOff,
    PowerOn,
    Reset,
    Apdu(&'a [u8]),
}

/// A card: answers APDUs; `None` takes it out of the reader. What it gives for other frames is not
/// looked at.
pub trait Model: FnMut(Frame<'_>) -> Option<Vec<u8>> + Send {}
impl<F: FnMut(Frame<'_>) -> Option<Vec<u8>> + Send> Model for F {}

/// A card in a reader; taken out when dropped.
pub struct VirtualCard {
    stream: TcpStream,
    thread: Option<JoinHandle<()>>,
}

impl VirtualCard {
    fn insert(port: u16, atr: &[u8], mut model: impl Model + 'static) -> Self {
        let stream = eventually("vpcd's port", || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
        });
        let theirs = stream.try_clone().unwrap();
        let atr = atr.to_vec();
        let thread = std::thread::spawn(move || serve(theirs, &atr, &mut model));
        Self {
            stream,
            thread: Some(thread),
        }
    }
}

impl Drop for VirtualCard {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        let result = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            result.unwrap();
        }
    }
}

/// vpcd's frames: length (2 bytes, big-endian) and bytes. One byte is a control code; 4 alone is
/// answered, with the ATR.
fn serve(mut stream: TcpStream, atr: &[u8], model: &mut dyn Model) {
    while let Some(frame) = receive(&mut stream) {
        let answer = match frame[..] {
            [4] => Some(atr.to_vec()),
            [code] => {
                model(match code {
                    0 => Frame::PowerOff,
                    1 => Frame::PowerOn,
                    _ => Frame::Reset,
                });
                continue;
            }
            _ => model(Frame::Apdu(&frame)),
        };
        let Some(answer) = answer else { break };
        let mut bytes = u16::try_from(answer.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend(answer);
        if stream.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}

fn receive(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    read_exact(stream, &mut length)?;
    let mut frame = vec![0; u16::from_be_bytes(length).into()];
    read_exact(stream, &mut frame)?;
    Some(frame)
}

/// vpcd sends length and body apart; without an acknowledgement at once the second waits 40 ms.
fn read_exact(stream: &mut TcpStream, mut bytes: &mut [u8]) -> Option<()> {
    while !bytes.is_empty() {
        rustix::net::sockopt::set_tcp_quickack(&*stream, true).ok()?;
        match stream.read(bytes) {
            Ok(0) => return None,
            Ok(count) => bytes = &mut bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    Some(())
}

/// A card that answers `00 EE t k` with its data and 9000, after t × 100 ms; with k = 1 it leaves
/// the reader instead. All else gets 6D00.
pub fn echo_card(frame: Frame<'_>) -> Option<Vec<u8>> {
    let Frame::Apdu(apdu) = frame else { return None };
    let mut answer = Vec::new();
    match apdu {
        [0x00, 0xEE, tenths, leave, rest @ ..] => {
            std::thread::sleep(Duration::from_millis(100) * u32::from(*tenths));
            if *leave == 1 {
                return None;
            }
            if let [0, high, low, data @ ..] = rest {
                answer.extend(&data[..usize::from(u16::from_be_bytes([*high, *low])).min(data.len())]);
            } else if let [length, data @ ..] = rest {
                answer.extend(&data[..usize::from(*length).min(data.len())]);
            }
            answer.extend([0x90, 0x00]);
        }
        _ => answer.extend([0x6D, 0x00]),
    }
    Some(answer)
}
