//! Why a reader or card cannot be listed, connected or spoken to.

use std::path::Path;

use fido_unlock_host::ports::TransportError;
use fido_unlock_protocol::DisplayText;
use fido_unlock_protocol::{ErrorCode, HasCode};

/// Whether the service is pcscd.
pub(crate) const PCSC_LITE: bool = cfg!(not(any(windows, target_os = "macos")));
/// SCardEstablishContext.
pub(crate) const ESTABLISH: &str = "SCardEstablishContext";
/// SCardConnect.
pub(crate) const CONNECT: &str = "SCardConnect";

/// An error of the smart card service. Holds names and numbers, never an APDU.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PcscError {
    /// The service (pcscd, SCardSvr) does not run.
    #[error("{}", ErrorCode::NoService)]
    NoService,
    /// The reader is not connected.
    #[error("{}", ErrorCode::NoReader)]
    NoReader,
    /// No card is in the reader.
    #[error("{}", ErrorCode::NoCard)]
    NoCard,
    /// The card was taken out while it was connected.
    #[error("{}", ErrorCode::Gone)]
    Gone,
    /// Another program reset the card.
    #[error("{}", ErrorCode::CardReset)]
    CardReset,
    /// Another program holds the card (exclusively, or in a transaction) longer than was waited.
    #[error("{}", ErrorCode::Busy)]
    Busy,
    /// The service did not answer in time.
    #[error("{}", ErrorCode::DeadlineExceeded)]
    DeadlineExceeded,
    /// The person cancelled; the card was left to itself.
    #[error("{}", ErrorCode::Cancelled)]
    Cancelled,
    /// The service runs and refuses this user (polkit): altogether, or this reader.
    #[error("{}", refused(.reader))]
    ServiceRefused {
        /// Name of the reader; empty if the service refuses altogether.
        reader: DisplayText,
    },
    /// The service runs, and does not speak the protocol of the library that this program has: it is older, or answers
    /// with values that PC/SC does not have.
    #[error("{}", ErrorCode::ServiceOutdated)]
    ServiceOutdated,
    /// Windows keeps the FIDO applet for elevated processes (SCARD_E_NO_ACCESS).
    #[error("{}", ErrorCode::NeedsElevation)]
    NeedsElevation,
    /// A sandbox (Flatpak, snap) hides the service.
    #[error("{}", ErrorCode::Sandboxed)]
    Sandboxed,
    /// Anything else.
    #[error("{}: {function} ({value:#x})", ErrorCode::TransportFailed)]
    Failed {
        /// Name of the PC/SC function.
        function: &'static str,
        /// Its return value.
        value: u32,
    },
}

/// Core's words for it.
fn refused(reader: &DisplayText) -> TransportError {
    TransportError::ServiceRefused {
        reader: reader.clone(),
    }
}

impl HasCode for PcscError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NoService => ErrorCode::NoService,
            Self::NoReader => ErrorCode::NoReader,
            Self::NoCard => ErrorCode::NoCard,
            Self::Gone => ErrorCode::Gone,
            Self::CardReset => ErrorCode::CardReset,
            Self::Busy => ErrorCode::Busy,
            Self::DeadlineExceeded => ErrorCode::DeadlineExceeded,
            Self::Cancelled => ErrorCode::Cancelled,
            Self::ServiceRefused { .. } => ErrorCode::ServiceRefused,
            Self::ServiceOutdated => ErrorCode::ServiceOutdated,
            Self::NeedsElevation => ErrorCode::NeedsElevation,
            Self::Sandboxed => ErrorCode::Sandboxed,
            Self::Failed { .. } => ErrorCode::TransportFailed,
        }
    }
}

impl From<PcscError> for TransportError {
    fn from(error: PcscError) -> Self {
        match error {
            PcscError::NoService => Self::NoService,
            PcscError::NoReader => Self::NoReader,
            PcscError::NoCard => Self::NoCard,
            PcscError::Gone => Self::Gone,
            PcscError::CardReset => Self::CardReset,
            PcscError::Busy => Self::Busy,
            PcscError::DeadlineExceeded => Self::DeadlineExceeded,
            PcscError::Cancelled => Self::Cancelled,
            PcscError::ServiceRefused { reader } => Self::ServiceRefused { reader },
            PcscError::ServiceOutdated => Self::ServiceOutdated,
            PcscError::NeedsElevation => Self::NeedsElevation,
            PcscError::Sandboxed => Self::Sandboxed,
            PcscError::Failed { function, value } => Self::Failed {
                function,
                value: i64::from(value),
            },
        }
    }
}

impl PcscError {
    /// What `error` of the PC/SC function `function` on `reader` means; see also
    /// [`why_not_established`](crate::service::why_not_established).
    pub(crate) fn new(error: pcsc::Error, function: &'static str, reader: &str) -> Self {
        use pcsc::Error as E;
        match error {
            E::NoService if is_sandboxed() => Self::Sandboxed,
            // pcscd that dies closes its socket: libpcsclite's COMM_ERROR. Windows stops the service
            // with the last reader.
            E::NoService | E::ServiceStopped | E::CommError | E::Shutdown | E::SystemCancelled => {
                Self::NoService
            }
            E::UnknownReader | E::ReaderUnavailable | E::NoReadersAvailable => Self::NoReader,
            E::NoSmartcard => Self::NoCard,
            E::RemovedCard => Self::Gone,
            // A handle that the service no longer knows (it was restarted): connect again.
            E::ResetCard | E::InvalidHandle => Self::CardReset,
            E::SharingViolation => Self::Busy,
            E::Timeout => Self::DeadlineExceeded,
            E::NoAccess if cfg!(windows) => Self::NeedsElevation,
            // A connection that broke off; a refusal comes when it is made, or the card's.
            E::SecurityViolation if PCSC_LITE && !matches!(function, ESTABLISH | CONNECT) => Self::NoService,
            E::NoAccess | E::SecurityViolation => Self::ServiceRefused {
                reader: reader.into(),
            },
            // The numbers of pcsc's enum are those of the C interface.
            error => Self::Failed {
                function,
                value: error as u32,
            },
        }
    }
}

/// Whether this process runs in Flatpak or snap, which hide pcscd's socket unless told otherwise.
fn is_sandboxed() -> bool {
    Path::new("/.flatpak-info").exists() || std::env::var_os("SNAP").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_return_value_has_its_own_error() {
        use pcsc::Error as E;
        let code = |error| PcscError::new(error, "SCardTransmit", "Reader 0").code();
        assert_eq!(code(E::NoService), ErrorCode::NoService);
        assert_eq!(code(E::CommError), ErrorCode::NoService);
        assert_eq!(code(E::UnknownReader), ErrorCode::NoReader);
        assert_eq!(code(E::NoSmartcard), ErrorCode::NoCard);
        assert_eq!(code(E::RemovedCard), ErrorCode::Gone);
        assert_eq!(code(E::ResetCard), ErrorCode::CardReset);
        assert_eq!(code(E::SharingViolation), ErrorCode::Busy);
        #[cfg(target_os = "linux")]
        assert_eq!(code(E::SecurityViolation), ErrorCode::NoService, "it has died");
        let altogether = PcscError::new(E::SecurityViolation, "SCardEstablishContext", "");
        assert_eq!(altogether.to_string(), ErrorCode::ServiceRefused.message());
        let one = PcscError::new(E::SecurityViolation, "SCardConnect", "Reader\u{1B} 0");
        assert!(one.to_string().ends_with(r": Reader\u{1b} 0"), "{one}");
        let error = PcscError::new(E::NotTransacted, "SCardTransmit", "Reader 0");
        assert_eq!(error.code(), ErrorCode::TransportFailed);
        assert!(
            error.to_string().contains("SCardTransmit (0x80100016)"),
            "{error}"
        );
    }
}
