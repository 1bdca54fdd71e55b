//! Signed notes (C2SP signed-note, version 1): a text and Ed25519 signatures (RFC 8032) over it, as lines that people can
//! mail and other programs check. They are read and verified here; who makes them has the key.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::error::{ErrorCode, HasCode};

/// Signature type of Ed25519.
const ED25519: u8 = 1;
/// The longest note that is read, in bytes.
const MAX_LENGTH: usize = 1 << 20;
/// The most signatures that are looked at.
const MAX_SIGNATURES: usize = 100;
/// In front of each signature line.
const DASH: &str = "\u{2014} ";

/// Why a note, a key or a name is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// It has not the form of a signed note, or of a key.
    #[error("this is no signed note")]
    Malformed,
    /// Empty, or with white space, control characters or a plus sign.
    #[error("a key's name has no spaces and no plus sign")]
    Name,
    /// No key that is trusted has signed it.
    #[error("no key that is trusted has signed it")]
    Unsigned,
    /// A key that is trusted is named, but did not make the signature.
    #[error("a signature is wrong")]
    Signature,
}

impl HasCode for NoteError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Malformed | Self::Name => ErrorCode::TextForm,
            Self::Unsigned | Self::Signature => ErrorCode::NoteUntrusted,
        }
    }
}

/// The name of a key or a log: a URL without its scheme, as a rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(String);

impl KeyName {
    /// # Errors
    /// [`NoteError::Name`] where it is empty or has white space, a control character or a plus sign.
    pub fn new(name: &str) -> Result<Self, NoteError> {
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.len() > 255 || name.contains(bad) {
            return Err(NoteError::Name);
        }
        Ok(Self(name.to_string()))
    }

    /// The origin of the log with this id, which is the name of the key that signs its checkpoints
    /// (docs/protocol/audit.md, "Checkpoint").
    #[must_use]
    pub fn of_log(id: &[u8; 16]) -> Self {
        Self(format!("fido-unlock/{:032x}", u128::from_be_bytes(*id)))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A public key that is trusted, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteVerifier {
    name: KeyName,
    id: [u8; 4],
    key: VerifyingKey,
}

impl NoteVerifier {
    /// A key under a name.
    #[must_use]
    pub fn new(name: KeyName, key: VerifyingKey) -> Self {
        let hash = Sha256::new()
            .chain_update(name.as_str())
            .chain_update([b'\n', ED25519])
            .chain_update(key.as_bytes())
            .finalize();
        let id = hash.first_chunk().copied().unwrap_or_default();
        Self { name, id, key }
    }

    /// From its one line: `name+key id in hex+base64 of 01 ‖ public key`, as Go's `sumdb/note` writes it.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] where it is none or the id is not the key's, [`NoteError::Name`].
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let mut parts = line.splitn(3, '+');
        let mut part = || parts.next().ok_or(NoteError::Malformed);
        let (name, id, key) = (KeyName::new(part()?)?, part()?, part()?);
        let mut bytes = [0; 33];
        let decoded = Base64::decode(key, &mut bytes).map_err(|_| NoteError::Malformed)?;
        let [ED25519, key @ ..] = decoded else {
            return Err(NoteError::Malformed);
        };
        let key = key.try_into().map_err(|_| NoteError::Malformed)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| NoteError::Malformed)?;
        let verifier = Self::new(name, key);
        if verifier.id_text() != id {
            return Err(NoteError::Malformed);
        }
        Ok(verifier)
    }

    /// The key's name.
    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The line that [`NoteVerifier::parse`] reads.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut bytes = [ED25519; 33];
        bytes
            .iter_mut()
            .skip(1)
            .zip(self.key.as_bytes())
            .for_each(|(to, from)| *to = *from);
        format!(
            "{}+{}+{}",
            self.name,
            self.id_text(),
            Base64::encode_string(&bytes)
        )
    }

    fn id_text(&self) -> String {
        format!("{:08x}", u32::from_be_bytes(self.id))
    }
}

/// A text and its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<(KeyName, Vec<u8>)>,
}

impl SignedNote {
    /// The note of `text`, which ends in a newline and has no other control character, and of `key`'s signature over
    /// its bytes.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] where the text is none; [`NoteError::Signature`] where the signature is not the key's.
    pub fn of(text: String, key: &NoteVerifier, signature: &[u8; 64]) -> Result<Self, NoteError> {
        if !is_text(&text) {
            return Err(NoteError::Malformed);
        }
        let note = Self {
            text,
            signatures: [(key.name.clone(), [&key.id[..], signature].concat())].into(),
        };
        note.verify(core::slice::from_ref(key))?;
        Ok(note)
    }

    /// Reads a note; says nothing about its signatures.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        let at = note.rfind("\n\n").filter(|_| note.len() <= MAX_LENGTH);
        let (text, lines) = note
            .split_at_checked(at.ok_or(NoteError::Malformed)? + 1)
            .ok_or(NoteError::Malformed)?;
        let lines = lines
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'));
        let lines = lines.ok_or(NoteError::Malformed)?.split('\n');
        let signatures: Vec<_> = lines.map(signature).collect::<Result<_, _>>()?;
        if !is_text(text) || signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Malformed);
        }
        Ok(Self {
            text: text.to_string(),
            signatures,
        })
    }

    /// The text, whoever signed it, if anybody did: [`SignedNote::verify`] says so.
    #[must_use]
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// The whole note, as it is sent and kept.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = format!("{}\n", self.text);
        for (name, signature) in &self.signatures {
            out.push_str(&format!("{DASH}{name} {}\n", Base64::encode_string(signature)));
        }
        out
    }

    /// The text, where at least one of `keys` signed it and none of them is named in vain.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`], [`NoteError::Signature`].
    pub fn verify(&self, keys: &[NoteVerifier]) -> Result<&str, NoteError> {
        let mut signed = false;
        for (name, signature) in &self.signatures {
            let Some((id, signature)) = signature.split_first_chunk() else {
                continue;
            };
            // A name and an id may be those of two keys: the one that fits is asked for.
            let mut named = keys
                .iter()
                .filter(|key| key.name == *name && key.id == *id)
                .peekable();
            if named.peek().is_none() {
                continue;
            }
            let signature = Signature::from_slice(signature).map_err(|_| NoteError::Signature)?;
            if !named.any(|key| key.key.verify_strict(self.text.as_bytes(), &signature).is_ok()) {
                return Err(NoteError::Signature);
            }
            signed = true;
        }
        if signed {
            Ok(&self.text)
        } else {
            Err(NoteError::Unsigned)
        }
    }
}

fn is_text(text: &str) -> bool {
    text.ends_with('\n') && !text.contains(|c: char| c < ' ' && c != '\n')
}

fn signature(line: &str) -> Result<(KeyName, Vec<u8>), NoteError> {
    let (name, signature) = line
        .strip_prefix(DASH)
        .and_then(|rest| rest.split_once(' '))
        .ok_or(NoteError::Malformed)?;
    let signature = Base64::decode_vec(signature).map_err(|_| NoteError::Malformed)?;
    if signature.len() < 5 {
        return Err(NoteError::Malformed);
    }
    Ok((KeyName::new(name).map_err(|_| NoteError::Malformed)?, signature))
}
