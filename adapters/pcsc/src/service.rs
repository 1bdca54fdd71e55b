//! The smart card service itself: whether it runs, and whether it serves this program.
//!
//! pcscd refuses a user (polkit) by closing the connection; up to pcsc-lite 2.0 it refuses a card in the same way.
//! libpcsclite then returns what it also returns for a service that is not running or has died (including
//! SCARD_W_SECURITY_VIOLATION), so the service is looked for once more: one that runs and closes every connection
//! refuses. Another version of the protocol between library and service comes as a return value that means
//! something else on Windows.

use core::ffi::CStr;

use pcsc::{Card, Context, Error, Protocols, Scope, ShareMode};

use crate::error::{ESTABLISH, PCSC_LITE, PcscError};

/// What `work` gives; nothing where the service gave what no service may give, at which the `pcsc` crate panics: a
/// return value or a protocol that PC/SC does not have, a name without an end, more bytes than there is room for.
pub fn unless_junk<T>(work: impl FnOnce() -> T) -> Option<T> {
    // The caller goes on with nothing that `work` may have left half-way.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).ok()
}

/// What such a service is told as: it and the library are not made for each other.
pub const JUNK: PcscError = PcscError::ServiceOutdated;

/// A connection to the service.
pub fn establish() -> Result<Context, Error> {
    Context::establish(Scope::User).map_err(|error| match error {
        Error::NoService | Error::CommError | Error::SecurityViolation if closes_connections() => {
            Error::SecurityViolation
        }
        // It ended while it was asked.
        Error::SecurityViolation if PCSC_LITE => Error::NoService,
        error => error,
    })
}

/// A connection to the card in `reader`, over one to the service that is its own: libpcsclite runs one call per
/// context at a time.
pub fn connect(context: &mut Context, reader: &CStr) -> Result<Card, Error> {
    let shared = |context: &Context| context.connect(reader, ShareMode::Shared, Protocols::ANY);
    match shared(context) {
        Err(Error::CommError | Error::SecurityViolation) => {
            // It was restarted; or it runs on, and closed this connection because of what it was asked.
            *context = establish()?;
            shared(context).map_err(|error| match error {
                Error::CommError => Error::SecurityViolation,
                error => error,
            })
        }
        result => result,
    }
}

/// What a failed [`establish`] means.
pub fn why_not_established(error: Error) -> PcscError {
    match error {
        // pcscd's word for a library whose protocol it does not speak; it speaks those before its own.
        // On Windows the service has stopped.
        Error::ServiceStopped if PCSC_LITE => PcscError::ServiceOutdated,
        // Where `pcsc` is built without debug assertions, a value that PC/SC does not have.
        Error::UnknownError => JUNK,
        error => PcscError::new(error, ESTABLISH, ""),
    }
}

#[cfg(any(windows, target_os = "macos"))]
const fn closes_connections() -> bool {
    false
}

/// Whether pcscd runs and closes connections, one after another. One that serves leaves them open, and one that
/// dies closes those that it has, and then takes no more.
#[cfg(not(any(windows, target_os = "macos")))]
fn closes_connections() -> bool {
    use core::time::Duration;

    /// Looks, and what lies between them.
    const LOOKS: usize = 3;
    const PAUSE: Duration = Duration::from_millis(30);
    (0..LOOKS).all(|look| {
        if look > 0 {
            std::thread::sleep(PAUSE);
        }
        is_closed().unwrap_or(false)
    })
}

/// Whether a new connection is closed before anything is sent; `None` if there is none.
#[cfg(not(any(windows, target_os = "macos")))]
fn is_closed() -> Option<bool> {
    use core::time::Duration;
    use std::io::{ErrorKind, Read};
    use std::os::unix::net::UnixStream;

    /// As libpcsclite has it: the environment, else what it was built with in every distribution.
    const VARIABLE: &str = "PCSCLITE_CSOCK_NAME";
    const SOCKET: &str = "/run/pcscd/pcscd.comm";
    /// Longest wait for the end of a connection; polkit's answer takes a few milliseconds.
    const END: Duration = Duration::from_millis(500);
    let path = std::env::var_os(VARIABLE).unwrap_or_else(|| SOCKET.into());
    let mut stream = UnixStream::connect(path).ok()?;
    stream.set_read_timeout(Some(END)).ok()?;
    Some(match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_service_that_does_not_speak_the_librarys_protocol_is_named() {
        assert_eq!(
            why_not_established(Error::ServiceStopped),
            PcscError::ServiceOutdated
        );
        assert_eq!(why_not_established(Error::NoService), PcscError::NoService);
    }
}
