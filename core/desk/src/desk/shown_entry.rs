//! An entry of the log as it is shown and given to other programs.

use alloc::string::{String, ToString};

use crate::record::{DeskEntry, DeskEvent};
use crate::{PersonNumber, VerificationMethod, Vouched};

/// An entry of the log, with what is known beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownEntry {
    /// The entry.
    pub entry: DeskEntry,
    /// The operator's name, where it is still known.
    pub operator: Option<String>,
    /// The second operator's name.
    pub second_operator: Option<String>,
    /// The user's id.
    pub user: Option<String>,
    /// The text, where it was not erased.
    pub text: Option<String>,
}

/// What stands in a field of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// A number.
    Number(u64),
    /// A text; that of a person as they typed it.
    Text(String),
}

/// How many fields an entry has.
const FIELDS: usize = 23;

impl ShownEntry {
    /// The names of all fields in JSON, in their order.
    #[must_use]
    pub fn names() -> [&'static str; FIELDS] {
        let nothing = Self {
            entry: DeskEntry::of(DeskEvent::LogCreated),
            operator: None,
            second_operator: None,
            user: None,
            text: None,
        };
        nothing.fields().map(|(name, _)| name)
    }

    /// Every field by its name in JSON ([`Self::names`]); `None` where the entry has none. A
    /// person whose name is not known any more stands there by number, a string of bytes in hexadecimal digits.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, Option<FieldValue>); FIELDS] {
        let entry = &self.entry;
        let number = |number: Option<u64>| number.map(FieldValue::Number);
        let text = |text: Option<String>| text.map(FieldValue::Text);
        let bytes = |bytes: Option<&[u8]>| text(bytes.map(hex));
        let person = |name: &Option<String>, number: Option<PersonNumber>| {
            text(name.clone().or(number.map(|number| number.to_string())))
        };
        let method = |number: u8| VerificationMethod::from_number(number).map(VerificationMethod::name);
        let vouched = |number: u8| Vouched::from_number(number).map(Vouched::name);
        let named = |name: Option<&'static str>, number: Option<u8>| match name {
            Some(name) => text(Some(name.to_string())),
            None => text(number.map(|number| number.to_string())),
        };
        [
            ("sequence", number(Some(entry.sequence))),
            ("at", number(Some(entry.at.0))),
            ("event", text(Some(entry.event.name().to_string()))),
            ("operator", person(&self.operator, entry.operator)),
            (
                "second_operator",
                person(&self.second_operator, entry.second_operator),
            ),
            ("user", person(&self.user, entry.user)),
            ("device_id", text(entry.device().map(|device| device.to_code()))),
            ("request", text(entry.request.map(|request| request.to_string()))),
            ("error", number(entry.error.map(u64::from))),
            ("challenge", bytes(entry.challenge.as_deref())),
            (
                "code_sha256",
                bytes(entry.code_sha256.as_ref().map(|hash| &hash[..])),
            ),
            ("method", named(entry.method.and_then(method), entry.method)),
            (
                "vouched_by",
                named(entry.vouched.and_then(vouched), entry.vouched),
            ),
            ("evidence", bytes(entry.evidence.as_ref().map(|hash| &hash[..]))),
            ("issuer", bytes(entry.issuer.as_ref().map(|hash| &hash[..]))),
            ("suite", number(entry.suite.map(u64::from))),
            ("slot", number(entry.slot.map(u64::from))),
            ("counter", number(entry.counter.map(u64::from))),
            ("alarm", number(entry.alarm)),
            ("count", number(entry.count.map(u64::from))),
            ("rotation", number(entry.rotation.map(u64::from))),
            ("text", text(self.text.clone())),
            ("text_hash", bytes(entry.text.as_ref().map(|hash| &hash[..]))),
        ]
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}
