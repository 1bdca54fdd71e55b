//! A whole CTAP2 message out, a whole one in.

use alloc::vec::Vec;

use fido_unlock_protocol::DisplayText;
use fido_unlock_protocol::error::{ErrorCode, HasCode};

use super::{Call, EntropyError, Interface};

/// Why no answer came. Each is about the way to the device, never about what it answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No device is there.
    #[error("{}", ErrorCode::NoDevice)]
    NoDevice,
    /// The operating system refuses; `path` is what was to be opened.
    #[error("{}: {path}", ErrorCode::PermissionDenied)]
    PermissionDenied {
        /// Path of the device, as the system names it.
        path: DisplayText,
    },
    /// Windows reserves the FIDO interface for elevated processes.
    #[error("{}", ErrorCode::NeedsElevation)]
    NeedsElevation,
    /// A sandbox hides the device.
    #[error("{}", ErrorCode::Sandboxed)]
    Sandboxed,
    /// Another program or channel holds it (CTAP1_ERR_CHANNEL_BUSY, sharing violation).
    #[error("{}", ErrorCode::Busy)]
    Busy,
    /// Pulled or taken off the reader.
    #[error("{}", ErrorCode::Gone)]
    Gone,
    /// The deadline passed.
    #[error("{}", ErrorCode::DeadlineExceeded)]
    DeadlineExceeded,
    /// The cancel flag was set; the device was told.
    #[error("{}", ErrorCode::Cancelled)]
    Cancelled,
    /// What came is not CTAPHID or ISO 7816.
    #[error("{}: {detail}", ErrorCode::Framing)]
    Framing {
        /// What was wrong, in a few fixed words.
        detail: &'static str,
    },
    /// The message does not fit (CTAP 2.1 §11.2.4: at most 7609 bytes with 64-byte reports).
    #[error("{}", ErrorCode::MessageTooLarge)]
    MessageTooLarge,
    /// CTAPHID_ERROR, or a status word that is not success.
    #[error("{}: {origin} {value:04x}", ErrorCode::TransportFailed)]
    Refused {
        /// "CTAPHID_ERROR" or "SW".
        origin: &'static str,
        /// The error byte or status word.
        value: u16,
    },
    /// The card service does not run.
    #[error("{}", ErrorCode::NoService)]
    NoService,
    /// The card service runs and refuses this user (polkit): altogether, or this reader.
    #[error("{}", service_refused(.reader))]
    ServiceRefused {
        /// Name of the reader; empty if the service refuses altogether.
        reader: DisplayText,
    },
    /// The card service runs and is older than the library that speaks to it.
    #[error("{}", ErrorCode::ServiceOutdated)]
    ServiceOutdated,
    /// No reader is connected.
    #[error("{}", ErrorCode::NoReader)]
    NoReader,
    /// No card is in the reader.
    #[error("{}", ErrorCode::NoCard)]
    NoCard,
    /// Another program reset the card: connect and select again.
    #[error("{}", ErrorCode::CardReset)]
    CardReset,
    /// The card has neither the vendor's nor the FIDO applet.
    #[error("{}", ErrorCode::AppletMissing)]
    AppletMissing,
    /// Anything else; names the function that failed and its own code.
    #[error("{}: {function} ({value:#x})", ErrorCode::TransportFailed)]
    Failed {
        /// Name of the operating system's function.
        function: &'static str,
        /// Its return value.
        value: i64,
    },
    /// No random bytes for the nonce of CTAPHID_INIT.
    #[error("{}", ErrorCode::EntropyFailed)]
    EntropyFailed,
    /// A pipe that the host program provides failed.
    #[error("{}", ErrorCode::HostFailed)]
    HostFailed,
}

fn service_refused(reader: &DisplayText) -> alloc::string::String {
    let code = ErrorCode::ServiceRefused;
    if reader.is_empty() {
        alloc::format!("{code}")
    } else {
        alloc::format!("{code}: {reader}")
    }
}

impl HasCode for TransportError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NoDevice => ErrorCode::NoDevice,
            Self::PermissionDenied { .. } => ErrorCode::PermissionDenied,
            Self::NeedsElevation => ErrorCode::NeedsElevation,
            Self::Sandboxed => ErrorCode::Sandboxed,
            Self::Busy => ErrorCode::Busy,
            Self::Gone => ErrorCode::Gone,
            Self::DeadlineExceeded => ErrorCode::DeadlineExceeded,
            Self::Cancelled => ErrorCode::Cancelled,
            Self::Framing { .. } => ErrorCode::Framing,
            Self::MessageTooLarge => ErrorCode::MessageTooLarge,
            Self::Refused { .. } | Self::Failed { .. } => ErrorCode::TransportFailed,
            Self::NoService => ErrorCode::NoService,
            Self::ServiceRefused { .. } => ErrorCode::ServiceRefused,
            Self::ServiceOutdated => ErrorCode::ServiceOutdated,
            Self::NoReader => ErrorCode::NoReader,
            Self::NoCard => ErrorCode::NoCard,
            Self::CardReset => ErrorCode::CardReset,
            Self::AppletMissing => ErrorCode::AppletMissing,
            Self::EntropyFailed => ErrorCode::EntropyFailed,
            Self::HostFailed => ErrorCode::HostFailed,
        }
    }
}

impl From<EntropyError> for TransportError {
    fn from(_: EntropyError) -> Self {
        Self::EntropyFailed
    }
}

/// Carries CTAP2 messages: command byte and CBOR out, status byte and CBOR in.
pub trait Transport {
    /// Sends `message` once and waits for the answer, which has at least its status byte. A call whose deadline has
    /// passed, or that is cancelled, before it begins sends nothing.
    ///
    /// # Errors
    /// [`TransportError`]; whether the device acted on the message is then unknown, unless the
    /// error says that nothing was sent.
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError>;

    /// Which interface the messages go to.
    fn interface(&self) -> Interface {
        Interface::Fido
    }

    /// Sends the following messages to this interface of the same device, if the transport has it; returns whether it
    /// does. This sends nothing itself.
    fn switch_to(&mut self, interface: Interface) -> bool {
        interface == self.interface()
    }
}

impl<T: Transport + ?Sized> Transport for alloc::boxed::Box<T> {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        (**self).transact(message, call)
    }

    fn interface(&self) -> Interface {
        (**self).interface()
    }

    fn switch_to(&mut self, interface: Interface) -> bool {
        (**self).switch_to(interface)
    }
}

impl<T: Transport + ?Sized> Transport for &mut T {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        (**self).transact(message, call)
    }

    fn interface(&self) -> Interface {
        (**self).interface()
    }

    fn switch_to(&mut self, interface: Interface) -> bool {
        (**self).switch_to(interface)
    }
}
