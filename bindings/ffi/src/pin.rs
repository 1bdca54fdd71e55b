//! What a new PIN must be like.

use std::sync::Arc;

use fido_unlock::Pin;
use fido_unlock::host::ports::{self, PinError};
use fido_unlock::host::{self, DefaultPinPolicy, NewPin, confirm_pin};

use crate::UnlockError;

/// The device's own rules, to be shown to the person before a PIN is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PinRules {
    /// Shortest, in Unicode code points.
    pub minimum: u32,
    /// Longest, in UTF-8 bytes.
    pub maximum: u32,
    /// The device has further rules, which only it knows.
    pub device_has_more: bool,
}

impl PinRules {
    pub(crate) fn of(rules: &host::PinRules) -> Self {
        let narrow = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        Self {
            minimum: narrow(rules.minimum),
            maximum: narrow(rules.maximum),
            device_has_more: rules.device_has_more,
        }
    }

    fn to_core(self) -> host::PinRules {
        let widen = |length: u32| usize::try_from(length).unwrap_or(usize::MAX);
        host::PinRules {
            minimum: widen(self.minimum),
            maximum: widen(self.maximum),
            device_has_more: self.device_has_more,
        }
    }
}

/// The library's own policy.
#[derive(Clone, Debug, uniffi::Record)]
pub struct PinOptions {
    /// Shortest length in code points; never less than 6.
    pub minimum: u32,
    /// Whether the other printable ASCII characters are allowed.
    pub symbols: bool,
    /// Whether every character but control characters is allowed.
    pub unicode: bool,
    /// Whether sequences and repeats are refused.
    pub refuse_trivial: bool,
    /// PINs that are refused, in upper or lower case.
    pub block_list: Vec<String>,
}

/// Why a host's own policy refuses a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum PinRefusalError {
    /// Too short.
    #[error("too short")]
    TooShort {
        /// The shortest length in code points.
        minimum: u32,
    },
    /// Too long.
    #[error("too long")]
    TooLong {
        /// The longest length in UTF-8 bytes.
        maximum: u32,
    },
    /// A character that is not allowed.
    #[error("a character that is not allowed")]
    Character,
    /// Too easy to guess.
    #[error("trivial")]
    Trivial,
    /// On a list of forbidden PINs.
    #[error("listed")]
    Listed,
    /// The policy could not be asked.
    #[error("the program's own part failed")]
    HostFailed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for PinRefusalError {
    /// The reason is the host's own stack trace and may hold anything, so it is dropped.
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::HostFailed
    }
}

impl From<PinRefusalError> for PinError {
    fn from(refusal: PinRefusalError) -> Self {
        let widen = |length: u32| usize::try_from(length).unwrap_or(usize::MAX);
        match refusal {
            PinRefusalError::TooShort { minimum } => Self::TooShort {
                minimum: widen(minimum),
            },
            PinRefusalError::TooLong { maximum } => Self::TooLong {
                maximum: widen(maximum),
            },
            PinRefusalError::Character => Self::Character,
            PinRefusalError::Trivial => Self::Trivial,
            PinRefusalError::Listed => Self::Listed,
            PinRefusalError::HostFailed => Self::HostFailed,
        }
    }
}

/// The host's own policy.
#[uniffi::export(with_foreign)]
pub trait PinChecker: Send + Sync {
    /// Judges a PIN in Unicode normalisation form C. The host gets its own copy: keep it no longer than
    /// the call.
    fn check(&self, pin: String) -> Result<(), PinRefusalError>;
}

/// Judges new PINs, beside the device's own rules; the stricter wins.
#[derive(uniffi::Object)]
pub struct PinPolicy(Kind);

enum Kind {
    Standard(DefaultPinPolicy),
    Host(HostPolicy),
}

struct HostPolicy(Arc<dyn PinChecker>);

impl ports::PinPolicy for HostPolicy {
    fn check(&self, pin: &str) -> Result<(), PinError> {
        Ok(self.0.check(pin.to_owned())?)
    }
}

impl Default for PinPolicy {
    fn default() -> Self {
        Self(Kind::Standard(DefaultPinPolicy::new()))
    }
}

impl PinPolicy {
    pub(crate) fn as_port(&self) -> &dyn ports::PinPolicy {
        match &self.0 {
            Kind::Standard(policy) => policy,
            Kind::Host(policy) => policy,
        }
    }
}

#[uniffi::export]
impl PinPolicy {
    /// The library's own.
    #[uniffi::constructor]
    #[must_use]
    pub fn standard(options: PinOptions) -> Arc<Self> {
        let minimum = usize::try_from(options.minimum).unwrap_or(usize::MAX);
        let mut policy = DefaultPinPolicy::new()
            .minimum(minimum)
            .block_list(options.block_list);
        if options.symbols {
            policy = policy.symbols();
        }
        if options.unicode {
            policy = policy.unicode();
        }
        if options.refuse_trivial {
            policy = policy.refuse_trivial();
        }
        Arc::new(Self(Kind::Standard(policy)))
    }

    /// The host's.
    #[uniffi::constructor]
    #[must_use]
    pub fn host(checker: Arc<dyn PinChecker>) -> Arc<Self> {
        Arc::new(Self(Kind::Host(HostPolicy(checker))))
    }

    /// Judges a PIN and its confirmation, as `UnlockSession.unlock` does; both are wiped on this
    /// side.
    pub fn check(&self, pin: String, pin_again: String, rules: PinRules) -> Result<(), UnlockError> {
        let (pin, again) = (Pin::new(pin), Pin::new(pin_again));
        confirm_pin(&pin, &again)?;
        NewPin::judge(&pin, self.as_port(), &rules.to_core())?;
        Ok(())
    }
}
