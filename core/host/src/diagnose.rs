//! Triage: what state the device is in and what the person can do, from one `getInfo`.
//!
//! It only reads. Everything here comes from the unlock command's own `getInfo`, since the vendor
//! interface has no other command.

use alloc::{format, string::String, vec::Vec};

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::ctap2::device_unlock::{SlotInfo, UnlockInfo};
use fido_unlock_protocol::error::ErrorCode;

use crate::ports::TransportError;
use crate::{DeviceError, DeviceRefusal};

/// Tries at or below which the person is warned.
const FEW_TRIES: u8 = 2;

macro_rules! conditions {
    ($($(#[doc = $doc:literal])+ $name:ident $({ $tries:ident })? $text:literal $code:ident)+) => {
        /// The state that matters most. Exhaustive, so that the compiler finds a missing screen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Condition {
            $($(#[doc = $doc])+ $name $({
                /// `pinRetries`.
                $tries: u8,
            })?,)+
        }

        impl Condition {
            /// Every state; in those that count tries, one is left.
            pub const ALL: &'static [Self] = &[$(Self::$name $({ $tries: 1 })?,)+];

            /// The row of the error table that says what the person can do.
            #[must_use]
            pub const fn code(self) -> ErrorCode {
                match self { $(Self::$name $({ $tries: _ })? => ErrorCode::$code,)+ }
            }

            /// A stable name for programs.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name $({ $tries: _ })? => $text,)+ }
            }
        }
    };
}

conditions! {
    /// Blocked for good and enrolled: an unlock is possible.
    Locked "locked" PinBlocked
    /// The same, but five responses were wrong since power-up.
    LockedUntilReplugged "locked-until-replugged" TooManyWrongResponses
    /// The same, but a slot's key is not one of the help desk's.
    LockedByForeignIssuer "locked-by-foreign-issuer" ForeignIssuer
    /// Blocked for good and never enrolled: only a reset can help.
    LockedNotEnrolled "locked-not-enrolled" DeviceNotEnrolled
    /// Three wrong PINs in this power-up; tries are left.
    PinAuthBlocked { pin_retries } "pin-auth-blocked" PinAuthBlocked
    /// The fingerprint sensor is blocked, the PIN is not.
    UvBlocked "uv-blocked" UvBlocked
    /// No PIN was ever set.
    PinNotSet "pin-not-set" PinNotSet
    /// The PIN works.
    Unlocked { pin_retries } "unlocked" DeviceNotLocked
    /// The device does not know the unlock command.
    NotSupported "not-supported" NotSupported
    /// A card without the FIDO applet: its PIN belongs to another applet.
    OtherApplet "other-applet" OtherApplet
}

/// What [`diagnose`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The state that matters most.
    pub condition: Condition,
    /// Given over the FIDO interface, and over the vendor interface while the PIN is blocked.
    pub device_id: Option<DeviceId>,
    /// Enrolled and sealed.
    pub enrolled: bool,
    /// The slots whose issuer key is not among those that you named as your own, whatever their numbers.
    pub foreign_slots: Vec<SlotInfo>,
}

impl Diagnosis {
    /// Whether a slot holds an issuer key that is not among those that you named as your own.
    #[must_use]
    pub const fn foreign_issuer(&self) -> bool {
        !self.foreign_slots.is_empty()
    }

    /// The state and what to do, in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut sentence = self.condition_sentence();
        if self.foreign_issuer() && self.condition != Condition::LockedByForeignIssuer {
            let code = ErrorCode::ForeignIssuer;
            sentence = format!(
                "{}; but {}: {}",
                sentence.trim_end_matches('.'),
                code.message(),
                lower_first(code.next_step())
            );
        }
        sentence
    }

    fn condition_sentence(&self) -> String {
        let code = self.condition.code();
        match self.condition {
            Condition::Locked => {
                "The PIN is blocked for good: ask the help desk to unlock the device.".into()
            }
            Condition::LockedNotEnrolled => {
                format!(
                    "The PIN is blocked for good, and {}: {}",
                    code.message(),
                    lower_first(code.next_step())
                )
            }
            Condition::PinAuthBlocked { pin_retries } => format!(
                "The device refuses PINs until it is plugged in again, and then takes {}: take the key out and put it back in.",
                tries(pin_retries)
            ),
            Condition::Unlocked { pin_retries } if pin_retries <= FEW_TRIES => {
                format!(
                    "Device not locked, but only {} left: type the PIN with care.",
                    tries(pin_retries)
                )
            }
            Condition::Unlocked { pin_retries } => {
                format!(
                    "Device not locked: {} left, sign in with your PIN.",
                    tries(pin_retries)
                )
            }
            Condition::LockedUntilReplugged
            | Condition::LockedByForeignIssuer
            | Condition::UvBlocked
            | Condition::PinNotSet
            | Condition::NotSupported
            | Condition::OtherApplet => format!(
                "{}: {}",
                upper_first(code.message()),
                lower_first(code.next_step())
            ),
        }
    }

    /// Whether an unlock is possible now.
    #[must_use]
    pub fn can_unlock(&self) -> bool {
        self.condition == Condition::Locked
    }
}

/// Interprets an answer of `getInfo`. `own_issuers`: fingerprints of your own issuer keys, which the help desk's signed
/// list names (`fido_unlock_protocol::IssuerList`, feature `note`); if it is empty, no issuer counts as foreign. What is in a slot of
/// suite 3, or of a suite that this library does not know, cannot be told.
#[must_use]
pub fn diagnose(info: &Result<UnlockInfo, DeviceError>, own_issuers: &[[u8; 16]]) -> Option<Diagnosis> {
    let info = match info {
        Ok(info) => info,
        Err(error) => {
            let condition = match error {
                DeviceError::Refused(DeviceRefusal::NotSupported) => Condition::NotSupported,
                DeviceError::Transport(TransportError::AppletMissing) => Condition::OtherApplet,
                _ => return None,
            };
            return Some(Diagnosis {
                condition,
                device_id: None,
                enrolled: false,
                foreign_slots: Vec::new(),
            });
        }
    };
    let is_foreign = |slot: &&SlotInfo| {
        let print = slot.fingerprint.as_ref();
        !own_issuers.is_empty() && print.is_some_and(|print| !own_issuers.contains(print))
    };
    let foreign_slots: Vec<_> = info.slots.iter().filter(is_foreign).cloned().collect();
    let condition = if info.is_blocked() {
        match (info.sealed, info.unlock_blocked, !foreign_slots.is_empty()) {
            (false, ..) => Condition::LockedNotEnrolled,
            (true, _, true) => Condition::LockedByForeignIssuer,
            (true, true, false) => Condition::LockedUntilReplugged,
            (true, false, false) => Condition::Locked,
        }
    } else if !info.pin_set {
        Condition::PinNotSet
    } else if info.pin_auth_blocked {
        Condition::PinAuthBlocked {
            pin_retries: info.pin_retries,
        }
    } else if info.uv_retries == Some(0) {
        Condition::UvBlocked
    } else {
        Condition::Unlocked {
            pin_retries: info.pin_retries,
        }
    };
    Some(Diagnosis {
        condition,
        device_id: info.device_id,
        enrolled: info.sealed,
        foreign_slots,
    })
}

fn tries(count: u8) -> String {
    if count == 1 {
        "1 try".into()
    } else {
        format!("{count} tries")
    }
}

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
