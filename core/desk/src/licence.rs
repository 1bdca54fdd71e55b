//! A licence: a text that the vendor has signed.
//!
//! It is a [signed note](crate::log::SignedNote), so that a person can read it, mail it and check it with other
//! people's programs. Its lines, in this order: `fido-unlock licence`, `holder` and a name, `devices` and a number,
//! `valid-until` and Unix seconds, `contact` and whom to ask for another.

use alloc::format;
use alloc::string::{String, ToString};

use fido_unlock_protocol::Shown;
use fido_unlock_protocol::error::{ErrorCode, HasCode};

use crate::UnixTime;
use crate::log::{NoteError, NoteSigner, NoteVerifier, SignedNote, sign_note};
use crate::ports::SignerError;

const TITLE: &str = "fido-unlock licence";

/// What was bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenceFile {
    /// By whom.
    pub holder: String,
    /// How many devices in use may be registered.
    pub devices: u32,
    /// The last second in which it is valid.
    pub valid_until: UnixTime,
    /// Whom to ask for a new one: a name, address or telephone number.
    pub contact: String,
}

/// Why a file is no licence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LicenceError {
    /// The vendor has not signed it.
    #[error("{code}: {0}", code = ErrorCode::LicenceRefused)]
    Note(#[from] NoteError),
    /// The vendor's key could not be used.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// A line is not as a licence has it.
    #[error("{}: line {line}", ErrorCode::LicenceRefused)]
    Line {
        /// From 1.
        line: usize,
    },
}

impl HasCode for LicenceError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Signer(error) => error.code(),
            Self::Note(_) | Self::Line { .. } => ErrorCode::LicenceRefused,
        }
    }
}

impl LicenceFile {
    /// The text that is signed.
    ///
    /// # Errors
    /// [`LicenceError::Line`] where a text has more than one line, or characters that cannot be seen.
    pub fn to_text(&self) -> Result<String, LicenceError> {
        for (line, text) in [(2, &self.holder), (5, &self.contact)] {
            if text.trim() != text || !Shown(text).is_plain() {
                return Err(LicenceError::Line { line });
            }
        }
        Ok(format!(
            "{TITLE}\nholder {}\ndevices {}\nvalid-until {}\ncontact {}\n",
            self.holder, self.devices, self.valid_until.0, self.contact
        ))
    }

    /// The licence as a file.
    ///
    /// # Errors
    /// [`LicenceError::Line`] as [`LicenceFile::to_text`], [`LicenceError::Signer`].
    pub fn sign(&self, signer: &mut dyn NoteSigner) -> Result<String, LicenceError> {
        Ok(sign_note(self.to_text()?, signer)?.to_text())
    }

    /// Reads a file that one of `vendor` has signed.
    ///
    /// # Errors
    /// [`LicenceError`].
    pub fn verify(file: &str, vendor: &[NoteVerifier]) -> Result<Self, LicenceError> {
        let note = SignedNote::parse(file)?;
        Self::parse(note.verify(vendor)?)
    }

    /// Reads a file that was verified before it was stored, and is sealed since.
    pub(crate) fn stored(file: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(file).ok()?;
        Self::parse(SignedNote::parse(text).ok()?.unverified_text()).ok()
    }

    fn parse(text: &str) -> Result<Self, LicenceError> {
        let mut lines = (1..).zip(text.lines());
        let mut next = |key: &str| {
            let (line, text) = lines.next().unwrap_or_default();
            let value = if key.is_empty() {
                (text == TITLE).then_some("")
            } else {
                text.strip_prefix(key).and_then(|rest| rest.strip_prefix(' '))
            };
            value.ok_or(LicenceError::Line { line })
        };
        next("")?;
        let holder = next("holder")?.to_string();
        let devices = next("devices")?;
        let valid_until = next("valid-until")?;
        let contact = next("contact")?.to_string();
        let licence = Self {
            holder,
            devices: devices.parse().map_err(|_| LicenceError::Line { line: 3 })?,
            valid_until: UnixTime(valid_until.parse().map_err(|_| LicenceError::Line { line: 4 })?),
            contact,
        };
        // One licence has one text.
        match licence.to_text() {
            Ok(same) if same == text => Ok(licence),
            _ => Err(LicenceError::Line { line: 1 }),
        }
    }
}
