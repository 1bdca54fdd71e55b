//! Errors as they cross the border: a variant for each family, each with its row of core's table.

use core::fmt;

use fido_unlock::code::CodeError;
use fido_unlock::host::ports::PinError;
use fido_unlock::{ErrorCode, Family, HasCode};

/// A row of the error table (docs/errors.md).
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ErrorRow {
    /// The stable number.
    pub number: u16,
    /// The stable name.
    pub name: String,
    /// The family in lower case: "device", "code", "pin", "policy", "transport", "signer", "store",
    /// "caller".
    pub family: String,
    /// What happened, in one sentence.
    pub text: String,
    /// What the person can do now.
    pub next_step: String,
}

/// Every row, by number.
#[uniffi::export]
#[must_use]
pub fn error_table() -> Vec<ErrorRow> {
    ErrorCode::ALL
        .iter()
        .map(|code| ErrorRow::of(*code, code.message().into()))
        .collect()
}

impl ErrorRow {
    /// A row with a text of its own.
    pub(crate) fn of(code: ErrorCode, text: String) -> Self {
        Self {
            number: code.number(),
            name: code.name().into(),
            family: code.family().name().into(),
            text,
            next_step: code.next_step().into(),
        }
    }
}

/// A group of four characters that holds a wrong one.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct WrongGroup {
    /// Its number in its line, from 1.
    pub number: u8,
    /// The group as it was typed; absent in a Response Code, which is secret.
    pub text: Option<String>,
}

macro_rules! unlock_error {
    ($($(#[$doc:meta])* $family:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })+) => {
        /// Why a call failed. A variant for each family; each has the number, name, text and next
        /// step of its row. No field ever holds a secret.
        #[derive(Clone, Debug, PartialEq, Eq, uniffi::Error)]
        pub enum UnlockError {
            $($(#[$doc])* $family {
                /// The stable number.
                number: u16,
                /// The stable name.
                name: String,
                /// What happened, in one sentence.
                text: String,
                /// What the person can do now.
                next_step: String,
                $($(#[$field_doc])* $field: $type,)*
            },)+
        }

        impl UnlockError {
            /// The stable number.
            #[must_use]
            pub const fn number(&self) -> u16 {
                match self { $(Self::$family { number, .. } => *number,)+ }
            }

            /// What happened, in one sentence.
            #[must_use]
            pub fn text(&self) -> &str {
                match self { $(Self::$family { text, .. } => text,)+ }
            }
        }
    };
}

unlock_error! {
    /// 100 to 199: what the authenticator answered, or its state.
    Device {}
    /// 200 to 299: a Device ID, Device Challenge or Response Code as typed.
    Code {
        /// The line with the error, from 1; absent for codes of one line.
        line: Option<u8>,
        /// The groups to compare again; empty if they are not known.
        groups: Vec<WrongGroup>,
        /// Whether `CodeField.correction` has a proposal.
        has_correction: bool,
    }
    /// 300 to 399: the new PIN.
    Pin {
        /// For 301: the shortest length in Unicode code points.
        minimum: Option<u32>,
        /// For 302: the longest length in UTF-8 bytes.
        maximum: Option<u32>,
    }
    /// 400 to 499: the help desk's rules.
    Policy {}
    /// 500 to 599: the way to the device.
    Transport {}
    /// 600 to 699: the issuer's key.
    Signer {}
    /// 700 to 799: registry, limits and audit log on disk.
    Store {}
    /// 800 to 899: the program that calls.
    Caller {}
}

impl fmt::Display for UnlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for UnlockError {}

impl UnlockError {
    /// The error of a row, with a text of its own.
    pub(crate) fn new(code: ErrorCode, text: String) -> Self {
        let (number, name, next_step) = (code.number(), code.name().into(), code.next_step().into());
        match code.family() {
            Family::Device => Self::Device {
                number,
                name,
                text,
                next_step,
            },
            Family::Code => Self::Code {
                number,
                name,
                text,
                next_step,
                line: None,
                groups: Vec::new(),
                has_correction: false,
            },
            Family::Pin => Self::Pin {
                number,
                name,
                text,
                next_step,
                minimum: None,
                maximum: None,
            },
            Family::Policy => Self::Policy {
                number,
                name,
                text,
                next_step,
            },
            Family::Transport => Self::Transport {
                number,
                name,
                text,
                next_step,
            },
            Family::Signer => Self::Signer {
                number,
                name,
                text,
                next_step,
            },
            Family::Store => Self::Store {
                number,
                name,
                text,
                next_step,
            },
            _ => Self::Caller {
                number,
                name,
                text,
                next_step,
            },
        }
    }

    /// Any error of core or an adapter: its row, and its own more precise text.
    pub(crate) fn of(error: &(impl HasCode + fmt::Display)) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<ErrorCode> for UnlockError {
    fn from(code: ErrorCode) -> Self {
        Self::of(&code)
    }
}

macro_rules! from_errors {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for UnlockError {
            fn from(error: $error) -> Self {
                Self::of(&error)
            }
        })+
    };
}

from_errors!(
    fido_unlock::host::DeviceError,
    fido_unlock::host::ClientPinError,
    fido_unlock::host::UnlockError,
    fido_unlock::host::EnrollError,
    fido_unlock::host::ProbeError,
    fido_unlock::host::ProbeWithError,
    fido_unlock::host::RotateWithError,
    fido_unlock::host::BlockError,
    fido_unlock::host::SessionError,
    fido_unlock::host::ports::TransportError,
    fido_unlock::ports::EntropyError,
    fido_unlock::desk::ports::StorageError,
    fido_unlock::desk::ports::SignerError,
    fido_unlock::suite::SuiteError,
    fido_unlock::suite::MakeKeyError,
    fido_unlock::IssuerListError,
);

impl From<CodeError> for UnlockError {
    fn from(error: CodeError) -> Self {
        let line = match &error {
            CodeError::InLine { line, .. } => Some(*line),
            CodeError::Order { expected_line, .. } => Some(*expected_line),
            _ => None,
        };
        let groups = error
            .groups()
            .iter()
            .map(|group| WrongGroup {
                number: group.number,
                text: group.text.clone(),
            })
            .collect();
        match Self::of(&error) {
            Self::Code {
                number,
                name,
                text,
                next_step,
                ..
            } => Self::Code {
                number,
                name,
                text,
                next_step,
                line,
                groups,
                has_correction: error.correction().is_some(),
            },
            other => other,
        }
    }
}

impl From<PinError> for UnlockError {
    fn from(error: PinError) -> Self {
        let narrow = |length: usize| u32::try_from(length).ok();
        let (least, most) = match error {
            PinError::TooShort { minimum } => (narrow(minimum), None),
            PinError::TooLong { maximum } => (None, narrow(maximum)),
            _ => (None, None),
        };
        match Self::of(&error) {
            Self::Pin {
                number,
                name,
                text,
                next_step,
                ..
            } => Self::Pin {
                number,
                name,
                text,
                next_step,
                minimum: least,
                maximum: most,
            },
            other => other,
        }
    }
}

impl From<fido_unlock::desk::DeskError> for UnlockError {
    fn from(error: fido_unlock::desk::DeskError) -> Self {
        match error {
            fido_unlock::desk::DeskError::Challenge(error) => error.into(),
            other => Self::of(&other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_crosses_as_its_family() {
        for (row, code) in error_table().into_iter().zip(ErrorCode::ALL) {
            let error = UnlockError::from(*code);
            assert_eq!(error.number(), row.number);
            assert_eq!(error.text(), row.text);
            let family = match error {
                UnlockError::Device { .. } => "device",
                UnlockError::Code { .. } => "code",
                UnlockError::Pin { .. } => "pin",
                UnlockError::Policy { .. } => "policy",
                UnlockError::Transport { .. } => "transport",
                UnlockError::Signer { .. } => "signer",
                UnlockError::Store { .. } => "store",
                UnlockError::Caller { .. } => "caller",
            };
            assert_eq!(family, row.family);
        }
        assert_eq!(error_table().len(), ErrorCode::ALL.len());
    }
}
