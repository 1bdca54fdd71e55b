//! Input fields for codes.

use std::sync::{Arc, Mutex, PoisonError};

use fido_unlock::ErrorCode;
use fido_unlock::code::{self, CodeError, CodeKind, Correction, Entry};
use zeroize::Zeroizing;

use crate::{Suite, UnlockError};

/// An input field for one code. Call `check` when the person has finished typing, and
/// `line_complete` after each key.
#[derive(uniffi::Object)]
pub struct CodeField {
    kind: FieldKind,
    state: Mutex<(Entry, Option<Correction>)>,
}

#[derive(Clone, Copy)]
enum FieldKind {
    DeviceId,
    Challenge(Suite),
    Response(Suite),
}

impl CodeField {
    fn new(kind: FieldKind) -> Arc<Self> {
        Arc::new(Self {
            kind,
            state: Mutex::default(),
        })
    }
}

#[uniffi::export]
impl CodeField {
    /// For a Device ID.
    #[uniffi::constructor]
    #[must_use]
    pub fn device_id() -> Arc<Self> {
        Self::new(FieldKind::DeviceId)
    }

    /// For a Device Challenge. The suite comes from the registry, never from the text.
    #[uniffi::constructor]
    #[must_use]
    pub fn challenge(suite: Suite) -> Arc<Self> {
        Self::new(FieldKind::Challenge(suite))
    }

    /// For a Response Code. The suite comes from the session, never from the text.
    #[uniffi::constructor]
    #[must_use]
    pub fn response(suite: Suite) -> Arc<Self> {
        Self::new(FieldKind::Response(suite))
    }

    /// Checks the whole text, which is wiped on this side. Only the first refusal may have a
    /// `correction`; later ones just name the groups.
    pub fn check(&self, text: String) -> Result<(), UnlockError> {
        let text = Zeroizing::new(text);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (entry, correction) = &mut *state;
        let result: Result<(), CodeError> = match self.kind {
            FieldKind::DeviceId => entry.device_id(&text).map(drop),
            FieldKind::Challenge(suite) => entry.challenge(suite.into(), &text).map(drop),
            FieldKind::Response(suite) => entry.response(suite.into(), &text).map(drop),
        };
        *correction = result.as_ref().err().and_then(CodeError::correction).cloned();
        Ok(result?)
    }

    /// What the person may have meant, after a refusal whose `has_correction` is true (number 802 otherwise):
    /// `text`, which was refused, with one character or one swap corrected. Show it and have it confirmed;
    /// never use it unasked. It is a secret if the field is for a Response Code.
    pub fn correction(&self, text: String) -> Result<String, UnlockError> {
        let text = Zeroizing::new(text);
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = state
            .1
            .as_ref()
            .and_then(|correction| correction.apply_to(&text))
            .ok_or(ErrorCode::WrongState)?;
        // Alone it crosses in the memory that it lies in; inside of an Option it would be copied.
        Ok(String::clone(&whole))
    }

    /// Whether one line is complete and passes its check, so that the field can say so at once. `line`:
    /// from 1; codes of one line have only line 1. Suite 3 has no check: always false.
    #[must_use]
    pub fn line_complete(&self, line: u8, text: String) -> bool {
        let text = Zeroizing::new(text);
        let kind = match (self.kind, line) {
            (FieldKind::DeviceId, 1) => CodeKind::DeviceId,
            (FieldKind::Challenge(Suite::P256Ecdsa | Suite::P256EcdhMac), 1) => CodeKind::DeviceChallenge,
            (FieldKind::Response(Suite::P256EcdhMac), 1) => CodeKind::ResponseLine,
            (FieldKind::Response(Suite::P256Ecdsa), 1..=4) => CodeKind::ResponseLong(line),
            _ => return false,
        };
        code::line_complete(kind, &text)
    }
}

/// A code's words, a sentence for each group of four and a line for each line.
#[uniffi::export]
#[must_use]
pub fn spoken_code(code: String) -> String {
    let code = Zeroizing::new(code);
    String::clone(&code::spoken(&code))
}

/// A code in the form that goes into a QR code.
#[uniffi::export]
#[must_use]
pub fn qr_text(code: String) -> String {
    let code = Zeroizing::new(code);
    String::clone(&code::qr_text(&code))
}
