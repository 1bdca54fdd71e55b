//! A service that runs and does not serve: another one in pcscd's place, which speaks as much of its protocol
//! (`winscard_msg.h` of pcsc-lite) as the case needs.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fido_unlock_host::ports::{DeviceSource, TransportError};
use fido_unlock_pcsc::{CardChannel, DeviceEntry, Event, PcscError, PcscSource, list, watch};
use fido_unlock_protocol::{ErrorCode, HasCode, Interface};

use crate::support::{PATIENCE, isolated, threads_end};

/// Long enough for what comes again to come.
const QUIET: Duration = Duration::from_secs(2);

const ESTABLISH_CONTEXT: u32 = 0x01;
const CONNECT: u32 = 0x04;
const VERSION: u32 = 0x11;
/// SCARD_E_SERVICE_STOPPED: pcscd does not speak the client's version.
const SERVICE_STOPPED: u32 = 0x8010_001E;

static NEXT: AtomicU32 = AtomicU32::new(1);

/// Up to where the service serves.
#[derive(Clone, Copy)]
enum Serves {
    /// polkit refuses the client (`access_pcsc`): the connection is closed after this time.
    Nobody { after: Duration },
    /// Another version of the protocol.
    OtherVersions,
    /// polkit refuses the card (`access_card`), which up to version 2.0 closes the connection.
    ButNoCard,
    /// A return value that PC/SC does not have.
    Junk,
    /// A connected card, over a protocol that PC/SC does not have.
    JunkProtocol,
}

/// Listens where pcscd does, until the process ends.
struct Service(PathBuf);

impl Service {
    fn start(folder: &Path, serves: Serves) -> Self {
        let path = folder.join("pcscd.comm");
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || serve(stream, serves));
            }
        });
        Self(path)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Ends, and closes the connection, where the client or the service does.
fn serve(mut stream: UnixStream, serves: Serves) -> Option<()> {
    if let Serves::Nobody { after } = serves {
        std::thread::sleep(after);
        return None;
    }
    loop {
        let mut header = [0; 8];
        stream.read_exact(&mut header).ok()?;
        let [size, command] = [0, 4].map(|at| u32::from_ne_bytes(header[at..at + 4].try_into().unwrap()));
        let mut body = vec![0; size.try_into().unwrap()];
        stream.read_exact(&mut body).ok()?;
        let words = match (command, serves) {
            // Major, minor, result.
            (VERSION, Serves::OtherVersions) => [4, 3, SERVICE_STOPPED],
            (VERSION, _) => [4, 4, 0],
            (ESTABLISH_CONTEXT, Serves::Junk) => [0, 0, 0x1234],
            (CONNECT, Serves::JunkProtocol) => {
                // `connect_struct`, whose last members are card, protocol, result.
                let at = body.len() - 12;
                body[at..].copy_from_slice(&[1, 0x55, 0].map(u32::to_ne_bytes).concat());
                stream.write_all(&body).ok()?;
                continue;
            }
            // Scope, context, result. The library asks again for a context that it has.
            (ESTABLISH_CONTEXT, _) => [0, NEXT.fetch_add(1, Ordering::Relaxed), 0],
            _ => return None,
        };
        stream.write_all(&words.map(u32::to_ne_bytes).concat()).ok()?;
    }
}

fn told_once(expected: &PcscError) {
    assert_eq!(list().as_ref(), Err(expected));
    let mut watch = watch().unwrap();
    assert_eq!(
        watch.next_event(PATIENCE).unwrap(),
        Some(Event::Problem(expected.clone()))
    );
    assert_eq!(watch.next_event(QUIET).unwrap(), None);
    drop(watch);
    threads_end("pcsc watch");
    // So does core's source, and goes on.
    let mut source = PcscSource::new();
    let told = TransportError::from(expected.clone());
    assert_eq!(source.routes().as_ref(), Err(&told));
    assert_eq!(source.next_change(PATIENCE), Err(told));
    assert_eq!(source.next_change(QUIET), Ok(None));
}

#[test]
fn a_service_that_refuses_this_user() {
    isolated("service::a_service_that_refuses_this_user", |folder| {
        let refused = PcscError::ServiceRefused { reader: "".into() };
        // Before the client has sent anything, and after: the library has two errors for it.
        for after in [Duration::ZERO, Duration::from_millis(20)] {
            let _service = Service::start(folder, Serves::Nobody { after });
            told_once(&refused);
        }
        assert_eq!(refused.to_string(), ErrorCode::ServiceRefused.message());
        assert!(refused.code().next_step().contains("polkit"));
    });
}

#[test]
fn a_service_older_than_the_library() {
    isolated("service::a_service_older_than_the_library", |folder| {
        let service = Service::start(folder, Serves::OtherVersions);
        told_once(&PcscError::ServiceOutdated);
        drop(service);
        assert_eq!(list(), Err(PcscError::NoService));
    });
}

/// It speaks another language than the library: no device is to blame, and nobody is to wait for one.
#[test]
fn a_service_that_speaks_junk() {
    isolated("service::a_service_that_speaks_junk", |folder| {
        let service = Service::start(folder, Serves::Junk);
        told_once(&PcscError::ServiceOutdated);
        let opened = CardChannel::open(&first_reader(), PATIENCE);
        assert_eq!(opened.err(), Some(PcscError::ServiceOutdated));
        drop(service);
        let _service = Service::start(folder, Serves::JunkProtocol);
        let opened = CardChannel::open(&first_reader(), PATIENCE);
        assert_eq!(opened.err(), Some(PcscError::ServiceOutdated));
    });
}

fn first_reader() -> DeviceEntry {
    DeviceEntry {
        name: "Reader 0".into(),
        path: "Reader 0".into(),
        interface: Interface::Vendor,
        atr: Vec::new(),
        contactless: false,
        access: Ok(()),
    }
}

#[test]
fn a_service_that_refuses_the_card() {
    isolated("service::a_service_that_refuses_the_card", |folder| {
        let _service = Service::start(folder, Serves::ButNoCard);
        let refused = CardChannel::open(&first_reader(), PATIENCE).err().unwrap();
        let reader = "Reader 0".into();
        assert_eq!(refused, PcscError::ServiceRefused { reader });
        assert!(refused.to_string().ends_with(": Reader 0"), "{refused}");
    });
}
