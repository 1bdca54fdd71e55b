//! A key behind a TCP port of this machine, as `help-desk --demo` serves it: frames of a length (2 bytes,
//! big-endian) and a HID report of the vendor interface.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fido_unlock::Interface;
use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::{HidReports, Transport, TransportError};
use fido_unlock_system::SystemEntropy;

use super::{Change, Keys, Route};
use crate::Failure;

const REPORT_SIZE: usize = 64;

/// The one key.
pub struct PortKey {
    port: u16,
    told: bool,
}

impl PortKey {
    /// The key on this port.
    #[must_use]
    pub const fn new(port: u16) -> Self {
        Self { port, told: false }
    }
}

impl Keys for PortKey {
    fn next(&mut self, timeout: Duration) -> Result<Option<Change>, Failure> {
        if self.told {
            std::thread::sleep(timeout);
            return Ok(None);
        }
        self.told = true;
        Ok(Some(Change::Arrived(Arc::new(PortRoute {
            port: self.port,
            path: format!("127.0.0.1:{}", self.port),
        }))))
    }
}

struct PortRoute {
    port: u16,
    path: String,
}

impl Route for PortRoute {
    fn name(&self) -> &str {
        "key on a port"
    }

    fn kind(&self) -> &'static str {
        "port"
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn open(&self) -> Result<Box<dyn Transport>, Failure> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .map_err(|_| TransportError::NoDevice)?;
        let reports = Reports {
            stream,
            head: Vec::new(),
        };
        Ok(Box::new(HidTransport::new(
            reports,
            SystemEntropy,
            Interface::Vendor,
        )))
    }
}

/// One report in, one out.
struct Reports {
    stream: TcpStream,
    /// What came of a frame that was not whole in time.
    head: Vec<u8>,
}

impl HidReports for Reports {
    fn write_report(&mut self, report: &[u8]) -> Result<(), TransportError> {
        let length = u16::try_from(report.len()).map_err(|_| TransportError::Gone)?;
        let frame = [&length.to_be_bytes(), report].concat();
        self.stream.write_all(&frame).map_err(|_| TransportError::Gone)
    }

    fn read_report(&mut self, report: &mut [u8], timeout: Duration) -> Result<usize, TransportError> {
        let until = Instant::now() + timeout;
        let mut buffer = [0; 2 + REPORT_SIZE];
        loop {
            if let Some((length, rest)) = self.head.split_first_chunk()
                && let Some(frame) = rest.get(..u16::from_be_bytes(*length).into())
            {
                let count = frame.len();
                report
                    .get_mut(..count)
                    .ok_or(TransportError::Framing {
                        detail: "the report is too long",
                    })?
                    .copy_from_slice(frame);
                self.head.drain(..2 + count);
                return Ok(count);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(0);
            }
            self.stream
                .set_read_timeout(Some(left))
                .map_err(|_| TransportError::Gone)?;
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(TransportError::Gone),
                Ok(count) => self.head.extend(buffer.get(..count).unwrap_or_default()),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return Err(TransportError::Gone),
            }
        }
    }

    fn report_size(&self) -> usize {
        REPORT_SIZE
    }
}
