//! HID reports over TCP, as the software authenticator serves them: a length (u16), then 64 bytes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use fido_unlock::host::ports::{HidReports, TransportError};

const REPORT: usize = 64;
const FRAME: usize = 2 + REPORT;

/// The same pipe as the ones in C# and Kotlin.
pub struct TcpHid(TcpStream);

impl TcpHid {
    /// Connects to the served key.
    pub fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }
}

impl HidReports for TcpHid {
    fn write_report(&mut self, report: &[u8]) -> Result<(), TransportError> {
        let length = u16::try_from(report.len()).map_err(|_| TransportError::Gone)?;
        let frame = [&length.to_be_bytes(), report].concat();
        self.0.write_all(&frame).map_err(|_| TransportError::Gone)
    }

    fn read_report(&mut self, report: &mut [u8], timeout: Duration) -> Result<usize, TransportError> {
        let mut frame = [0; FRAME];
        self.0
            .set_read_timeout(Some(timeout.max(Duration::from_millis(1))))
            .map_err(|_| TransportError::Gone)?;
        match self.0.read_exact(&mut frame) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(0);
            }
            Err(_) => return Err(TransportError::Gone),
        }
        let (to, from) = (report.get_mut(..REPORT), frame.get(2..));
        let (Some(to), Some(from)) = (to, from) else {
            return Err(TransportError::Gone);
        };
        to.copy_from_slice(from);
        Ok(REPORT)
    }

    fn report_size(&self) -> usize {
        REPORT
    }
}
