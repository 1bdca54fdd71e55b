//! A help desk's issuer keys as a signed text, for programs that see devices and not the desk
//! (docs/protocol/issuers.md): a slot with a key that is not in it belongs to somebody else.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use crate::error::{ErrorCode, HasCode};
use crate::note::{KeyName, NoteError, NoteVerifier, SignedNote};
use crate::suite::{IssuerPublicKey, Suite};
use crate::time::UnixTime;

const TITLE: &str = "fido-unlock issuers 1";
const TITLE_OF_ANY: &str = "fido-unlock issuers ";
/// Lines in front of the keys.
const HEAD_LINES: usize = 3;

/// An issuer key of a help desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuerInfo {
    /// The slot that it is for, 0 to 15.
    pub slot: u8,
    /// The one suite that it is for.
    pub suite: Suite,
    /// Q.
    pub public: IssuerPublicKey,
    /// Whether a newer key has replaced it; it then serves only devices that have not been rotated yet.
    pub retired: bool,
}

/// The issuer keys of a desk, present and retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerList {
    /// The desk's log.
    pub origin: KeyName,
    /// When it was made.
    pub at: UnixTime,
    /// At least one, by slot; the present key of a slot before its retired ones, those newest first.
    pub issuers: Vec<IssuerInfo>,
}

/// Why a text is no issuer list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerListError {
    /// None of the keys has signed it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A line is not as an issuer list has it.
    #[error("line {line} is not as a list of issuers has it")]
    Line {
        /// From 1.
        line: usize,
    },
    /// Of a later version.
    #[error("a list of issuers of a later version")]
    Version,
}

impl HasCode for IssuerListError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Note(error) => error.code(),
            Self::Line { .. } => ErrorCode::TextForm,
            Self::Version => ErrorCode::StoreVersion,
        }
    }
}

impl IssuerList {
    /// The text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{TITLE}\n{}\n{}\n", self.origin, self.at.0);
        for info in &self.issuers {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{} {} ", info.slot, info.suite.number());
            for byte in info.public.as_compressed() {
                let _ = write!(text, "{byte:02x}");
            }
            text.push_str(if info.retired { " retired\n" } else { " present\n" });
        }
        text
    }

    /// The fingerprints of its keys, by which a device's slots are judged; retired keys are no foreign ones.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<[u8; 16]> {
        let print = |info: &IssuerInfo| info.public.fingerprint();
        self.issuers.iter().map(print).collect()
    }

    /// Reads a note that one of `keys`, the checkpoint keys of the desk, has signed.
    ///
    /// # Errors
    /// [`IssuerListError`]: it is taken whole or not at all.
    pub fn verify(note: &str, keys: &[NoteVerifier]) -> Result<Self, IssuerListError> {
        let note = SignedNote::parse(note)?;
        Self::parse(note.verify(keys)?)
    }

    fn parse(text: &str) -> Result<Self, IssuerListError> {
        let bad = |line| IssuerListError::Line { line };
        let mut lines = text.strip_suffix('\n').ok_or(bad(1))?.split('\n');
        match lines.next() {
            Some(TITLE) => {}
            Some(title) if is_of_another_version(title) => return Err(IssuerListError::Version),
            _ => return Err(bad(1)),
        }
        let origin = lines
            .next()
            .and_then(|line| KeyName::new(line).ok())
            .ok_or(bad(2))?;
        let at = lines.next().and_then(|line| line.parse().ok()).ok_or(bad(3))?;
        let issuers: Vec<_> = lines
            .zip(HEAD_LINES + 1..)
            .map(|(line, number)| issuer(line).ok_or(bad(number)))
            .collect::<Result<_, _>>()?;
        if issuers.is_empty() {
            return Err(bad(HEAD_LINES + 1));
        }
        let list = Self {
            origin,
            at: UnixTime(at),
            issuers,
        };
        for (line, pair) in (HEAD_LINES + 2..).zip(list.issuers.windows(2)) {
            let [before, after] = pair else { continue };
            if (before.slot, before.retired) > (after.slot, after.retired)
                || (before.slot == after.slot && !after.retired)
            {
                return Err(bad(line));
            }
        }
        let mut keys: Vec<_> = list.issuers.iter().map(|info| info.public).collect();
        keys.sort_unstable();
        keys.dedup();
        // One list has one text, and a key is there once.
        if keys.len() == list.issuers.len() && list.to_text() == text {
            Ok(list)
        } else {
            Err(bad(HEAD_LINES))
        }
    }
}

/// A number in place of the 1, in digits without leading zeros.
fn is_of_another_version(title: &str) -> bool {
    title.strip_prefix(TITLE_OF_ANY).is_some_and(|number| {
        let starts_well = number == "0" || !number.starts_with('0');
        !number.is_empty() && starts_well && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn issuer(line: &str) -> Option<IssuerInfo> {
    let mut parts = line.split(' ');
    let slot: u8 = parts.next()?.parse().ok().filter(|slot| *slot <= 15)?;
    let suite =
        Suite::from_number(parts.next()?.parse().ok()?).filter(|suite| *suite != Suite::AesAdminKey)?;
    let public = IssuerPublicKey::from_compressed(&compressed(parts.next()?)?).ok()?;
    let retired = match parts.next()? {
        "present" => false,
        "retired" => true,
        _ => return None,
    };
    parts.next().is_none().then_some(IssuerInfo {
        slot,
        suite,
        public,
        retired,
    })
}

/// 33 bytes from lower-case hexadecimal digits; other digits are found when the text is written again.
fn compressed(digits: &str) -> Option<[u8; 33]> {
    let mut bytes = [0; 33];
    let mut pairs = digits.as_bytes().chunks(2);
    for byte in &mut bytes {
        let pair = core::str::from_utf8(pairs.next()?).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    pairs.next().is_none().then_some(bytes)
}
