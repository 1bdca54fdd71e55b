//! Access tokens: by them programs do in an operator's name what one of them is for.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::record::LogId;
use crate::{Privilege, UnixTime};

/// By which people and programs that look for lost secrets know one.
const PREFIX: &str = "fud_";
/// 32 bytes in base64.
const DIGITS: usize = 43;

/// An access token: 256 random bits. Whoever has it does in its operator's name what it is for, until it ends.
///
/// ```
/// use fido_unlock_desk::AccessToken;
///
/// let token = AccessToken::from_bytes([7; 32]);
/// assert!(token.expose().starts_with("fud_"));
/// assert!(AccessToken::parse(&token.expose()).is_some());
/// assert!(AccessToken::parse("fud_BwcH").is_none());
/// ```
pub struct AccessToken(Zeroizing<[u8; 32]>);

impl AccessToken {
    /// From its 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads its text: `fud_` and the bytes in base64url without padding (RFC 4648 section 5). `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text
            .strip_prefix(PREFIX)
            .filter(|digits| digits.len() == DIGITS)?;
        let mut bytes = Zeroizing::new([0; 32]);
        let read = Base64UrlUnpadded::decode(digits, &mut *bytes).ok()?;
        (read.len() == 32).then(|| Self(bytes.clone()))
    }

    /// The text, to be shown once to its operator.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(Base64UrlUnpadded::encode_string(&*self.0));
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + DIGITS));
        text.push_str(PREFIX);
        text.push_str(&digits);
        text
    }

    pub(crate) fn secret(&self) -> Zeroizing<[u8; 32]> {
        self.0.clone()
    }
}

/// The key of a token's row: SHA-256("fido-unlock/1 access token" ‖ 00 ‖ log id ‖ token), so that a token of one desk is
/// none of another's, and the database alone signs nobody in.
pub(crate) fn token_key(log: &LogId, secret: &[u8; 32]) -> [u8; 32] {
    Sha256::new_with_prefix(b"fido-unlock/1 access token\0")
        .chain_update(log.0)
        .chain_update(secret)
        .finalize()
        .into()
}

/// What a token is for. It never does more than its operator may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
#[non_exhaustive]
pub enum Scope {
    /// Answering callers, as [`Privilege::Unlock`].
    #[n(0)]
    Unlock,
    /// Registering and retiring devices, as [`Privilege::ManageDevices`].
    #[n(1)]
    Devices,
    /// Reading the log, as [`Privilege::Audit`].
    #[n(2)]
    Audit,
}

impl Scope {
    /// Every scope.
    pub const ALL: &'static [Self] = &[Self::Unlock, Self::Devices, Self::Audit];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unlock => "unlock",
            Self::Devices => "devices",
            Self::Audit => "audit",
        }
    }

    /// The privilege that it lets through.
    #[must_use]
    pub const fn privilege(self) -> Privilege {
        match self {
            Self::Unlock => Privilege::Unlock,
            Self::Devices => Privilege::ManageDevices,
            Self::Audit => Privilege::Audit,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A token as its operator sees it ([`OwnAccount::tokens`](crate::OwnAccount::tokens)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownToken {
    /// By what it is revoked: the key of its row, which opens nothing.
    pub id: [u8; 32],
    /// As they call it.
    pub name: String,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub made: UnixTime,
    /// The last second in which it is good.
    pub until: UnixTime,
}
