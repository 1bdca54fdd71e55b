//! CTAP status bytes (CTAP 2.1 §8.2). Success is the `Ok` of a `Result`, never a value here.

use core::fmt;

use crate::ports::EntropyError;

macro_rules! statuses {
    ($($value:literal $name:ident $doc:literal)+) => {
        /// A status byte other than success. One that is not listed is kept as its number.
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct CtapStatus(u8);

        #[allow(non_upper_case_globals)]
        impl CtapStatus {
            $(#[doc = $doc] pub const $name: Self = Self($value);)+

            /// The specification's name, `None` for a status that is not listed.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 { $($value => Some($doc),)+ _ => None }
            }
        }
    };
}

statuses! {
    0x01 InvalidCommand "CTAP1_ERR_INVALID_COMMAND"
    0x02 InvalidParameter "CTAP1_ERR_INVALID_PARAMETER"
    0x03 InvalidLength "CTAP1_ERR_INVALID_LENGTH"
    0x04 InvalidSeq "CTAP1_ERR_INVALID_SEQ"
    0x05 Timeout "CTAP1_ERR_TIMEOUT"
    0x06 ChannelBusy "CTAP1_ERR_CHANNEL_BUSY"
    0x0B InvalidChannel "CTAP1_ERR_INVALID_CHANNEL"
    0x11 CborUnexpectedType "CTAP2_ERR_CBOR_UNEXPECTED_TYPE"
    0x12 InvalidCbor "CTAP2_ERR_INVALID_CBOR"
    0x14 MissingParameter "CTAP2_ERR_MISSING_PARAMETER"
    0x15 LimitExceeded "CTAP2_ERR_LIMIT_EXCEEDED"
    0x18 LargeBlobStorageFull "CTAP2_ERR_LARGE_BLOB_STORAGE_FULL"
    0x19 CredentialExcluded "CTAP2_ERR_CREDENTIAL_EXCLUDED"
    0x21 Processing "CTAP2_ERR_PROCESSING"
    0x22 InvalidCredential "CTAP2_ERR_INVALID_CREDENTIAL"
    0x23 UserActionPending "CTAP2_ERR_USER_ACTION_PENDING"
    0x26 UnsupportedAlgorithm "CTAP2_ERR_UNSUPPORTED_ALGORITHM"
    0x27 OperationDenied "CTAP2_ERR_OPERATION_DENIED"
    0x28 KeyStoreFull "CTAP2_ERR_KEY_STORE_FULL"
    0x2B UnsupportedOption "CTAP2_ERR_UNSUPPORTED_OPTION"
    0x2C InvalidOption "CTAP2_ERR_INVALID_OPTION"
    0x2D KeepaliveCancel "CTAP2_ERR_KEEPALIVE_CANCEL"
    0x2E NoCredentials "CTAP2_ERR_NO_CREDENTIALS"
    0x2F UserActionTimeout "CTAP2_ERR_USER_ACTION_TIMEOUT"
    0x30 NotAllowed "CTAP2_ERR_NOT_ALLOWED"
    0x31 PinInvalid "CTAP2_ERR_PIN_INVALID"
    0x32 PinBlocked "CTAP2_ERR_PIN_BLOCKED"
    0x33 PinAuthInvalid "CTAP2_ERR_PIN_AUTH_INVALID"
    0x34 PinAuthBlocked "CTAP2_ERR_PIN_AUTH_BLOCKED"
    0x35 PinNotSet "CTAP2_ERR_PIN_NOT_SET"
    0x36 PuatRequired "CTAP2_ERR_PUAT_REQUIRED"
    0x37 PinPolicyViolation "CTAP2_ERR_PIN_POLICY_VIOLATION"
    0x39 RequestTooLarge "CTAP2_ERR_REQUEST_TOO_LARGE"
    0x3A ActionTimeout "CTAP2_ERR_ACTION_TIMEOUT"
    0x3B UpRequired "CTAP2_ERR_UP_REQUIRED"
    0x3C UvBlocked "CTAP2_ERR_UV_BLOCKED"
    0x3D IntegrityFailure "CTAP2_ERR_INTEGRITY_FAILURE"
    0x3E InvalidSubcommand "CTAP2_ERR_INVALID_SUBCOMMAND"
    0x3F UvInvalid "CTAP2_ERR_UV_INVALID"
    0x40 UnauthorizedPermission "CTAP2_ERR_UNAUTHORIZED_PERMISSION"
    0x7F Other "CTAP1_ERR_OTHER"
    0xF8 WrongResponse "UNLOCK_ERR_WRONG_RESPONSE"
    0xF9 NotEnrolled "UNLOCK_ERR_NOT_ENROLLED"
    0xFA OtherChallengePending "UNLOCK_ERR_OTHER_CHALLENGE_PENDING"
    0xFB StoreFailed "UNLOCK_ERR_STORE_FAILED"
    0xFC CounterAtEnd "UNLOCK_ERR_COUNTER_AT_END"
}

impl CtapStatus {
    /// The status of an answer's first byte: `Ok` for CTAP2_OK.
    ///
    /// # Errors
    /// Every other byte, known or not.
    pub const fn from_byte(byte: u8) -> Result<(), Self> {
        match byte {
            0 => Ok(()),
            other => Err(Self(other)),
        }
    }

    /// The byte on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }
}

impl fmt::Debug for CtapStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for CtapStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} (0x{:02X})", self.0),
            None => write!(f, "unknown status 0x{:02X}", self.0),
        }
    }
}

impl core::error::Error for CtapStatus {}

/// CTAP1_ERR_OTHER: what a device answers that could not make a random number.
impl From<EntropyError> for CtapStatus {
    fn from(_: EntropyError) -> Self {
        Self::Other
    }
}
