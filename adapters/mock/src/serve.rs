//! A software authenticator on a TCP port of this machine, so that a byte pipe of another program, or
//! in another language, can reach it.
//!
//! Frames of a length (u16, big-endian) and that many bytes. Over [`Wire::Hid`] each is a report, both
//! ways; over [`Wire::Apdu`] each is a command APDU, answered by a response APDU. Connections come one
//! after the other.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use fido_unlock_host::ports::{ApduChannel, HidReports, TransportError};
use fido_unlock_protocol::Interface;

use crate::SoftAuthenticator;
use crate::framing::{Device, MockApdu, MockHid};

/// How long one APDU may take.
const LONGEST_APDU: Duration = Duration::from_secs(30);
/// How often the device is looked at while nothing comes from the host.
const POLL: Duration = Duration::from_millis(1);

/// What the frames are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// HID reports.
    Hid,
    /// APDUs.
    Apdu,
}

/// A running server; it ends with this object.
pub struct KeyServer {
    port: u16,
    stopped: Arc<AtomicBool>,
}

impl KeyServer {
    /// Serves `device` on the loopback address; port 0 takes a free one.
    ///
    /// # Errors
    /// The port is taken.
    pub fn start(
        device: Device<SoftAuthenticator>,
        wire: Wire,
        interface: Interface,
        port: u16,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        let stopped = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stopped);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if seen.load(Ordering::Relaxed) {
                    return;
                }
                // A host that hangs up in the middle is a host that is gone.
                let _ = stream.and_then(|stream| match wire {
                    Wire::Hid => serve_hid(stream, device.hid(interface), &seen),
                    Wire::Apdu => serve_apdu(stream, device.card(), &seen),
                });
            }
        });
        Ok(Self { port, stopped })
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it.
    pub fn stop(&self) {
        if !self.stopped.swap(true, Ordering::Relaxed) {
            // Wakes the thread that waits for the next host.
            let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        }
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn read_frame(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut frame = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut frame)?;
    Ok(frame)
}

fn write_frame(stream: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    let length = u16::try_from(frame.len()).map_err(|_| ErrorKind::InvalidData)?;
    let mut out = length.to_be_bytes().to_vec();
    out.extend_from_slice(frame);
    stream.write_all(&out)
}

fn gone(_: TransportError) -> io::Error {
    ErrorKind::ConnectionAborted.into()
}

fn serve_hid(stream: TcpStream, hid: MockHid<SoftAuthenticator>, stopped: &AtomicBool) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = stream.try_clone()?;
    let (sender, reports) = channel();
    thread::spawn(move || {
        while let Ok(report) = read_frame(&mut reader) {
            if sender.send(report).is_err() {
                return;
            }
        }
    });
    let result = pump_hid(&stream, hid, &reports, stopped);
    // The reader holds a handle of its own.
    let _ = stream.shutdown(Shutdown::Both);
    result
}

fn pump_hid(
    mut stream: &TcpStream,
    mut hid: MockHid<SoftAuthenticator>,
    reports: &Receiver<Vec<u8>>,
    stopped: &AtomicBool,
) -> io::Result<()> {
    let mut report = vec![0; hid.report_size()];
    while !stopped.load(Ordering::Relaxed) {
        match reports.recv_timeout(POLL) {
            Ok(report) => hid.write_report(&report).map_err(gone)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        loop {
            match hid.read_report(&mut report, Duration::ZERO).map_err(gone)? {
                0 => break,
                length => write_frame(&mut stream, report.get(..length).unwrap_or_default())?,
            }
        }
    }
    Ok(())
}

fn serve_apdu(
    mut stream: TcpStream,
    mut card: MockApdu<SoftAuthenticator>,
    stopped: &AtomicBool,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    while !stopped.load(Ordering::Relaxed) {
        let apdu = read_frame(&mut stream)?;
        let response = card.transmit(&apdu, LONGEST_APDU).map_err(gone)?;
        write_frame(&mut stream, &response)?;
    }
    Ok(())
}
