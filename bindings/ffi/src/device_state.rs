//! What state a device is in.

use fido_unlock::ctap2::device_unlock;
use fido_unlock::host;

use crate::pin::PinRules;
use crate::types::SlotInfo;

/// The device's state.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeviceInfo {
    /// The Device ID; over the vendor interface only while the PIN is blocked.
    pub device_id: Option<String>,
    /// Whether a PIN is set.
    pub pin_set: bool,
    /// Tries left; 0 is blocked for good.
    pub pin_retries: u8,
    /// Whether it refuses PINs until it is plugged in again.
    pub pin_auth_blocked: bool,
    /// Tries left for the fingerprint sensor, if there is one.
    pub uv_retries: Option<u8>,
    /// Whether the PIN must be changed before it is used.
    pub force_pin_change: bool,
    /// What a new PIN must be like.
    pub pin_rules: PinRules,
    /// How many times it has been unlocked.
    pub unlock_counter: u32,
    /// Enrolled, and sealed against other issuers until reset.
    pub sealed: bool,
    /// Its key slots.
    pub slots: Vec<SlotInfo>,
    /// Whether five Response Codes were wrong since it was plugged in.
    pub unlock_blocked: bool,
    /// Whether an unlock requires a touch.
    pub needs_touch: bool,
}

impl DeviceInfo {
    pub(crate) fn of(info: &device_unlock::UnlockInfo) -> Self {
        Self {
            device_id: info.device_id.map(|id| id.to_code()),
            pin_set: info.pin_set,
            pin_retries: info.pin_retries,
            pin_auth_blocked: info.pin_auth_blocked,
            uv_retries: info.uv_retries,
            force_pin_change: info.force_pin_change,
            pin_rules: PinRules::of(&host::PinRules::of(info)),
            unlock_counter: info.unlock_counter,
            sealed: info.sealed,
            slots: info.slots.iter().map(SlotInfo::of).collect(),
            unlock_blocked: info.unlock_blocked,
            needs_touch: info.touch,
        }
    }
}

/// The state that matters most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Condition {
    /// Blocked for good and enrolled: an unlock is possible.
    Locked,
    /// The same, but five Response Codes were wrong since it was plugged in.
    LockedUntilReplugged,
    /// The same, but a slot's key is not one of the help desk's.
    LockedByForeignIssuer,
    /// Blocked for good and never enrolled: only a reset can help.
    LockedNotEnrolled,
    /// It refuses PINs until it is plugged in again; tries are left.
    PinAuthBlocked {
        /// Tries left.
        pin_retries: u8,
    },
    /// The fingerprint sensor is blocked, the PIN is not.
    UvBlocked,
    /// No PIN was ever set.
    PinNotSet,
    /// The PIN works.
    Unlocked {
        /// Tries left.
        pin_retries: u8,
    },
    /// The device does not know the unlock command.
    NotSupported,
    /// A card without the FIDO applet: its PIN belongs to another applet.
    OtherApplet,
    /// A state that this version of the binding does not know by name: show the sentence.
    Unknown,
}

impl From<host::Condition> for Condition {
    fn from(condition: host::Condition) -> Self {
        match condition {
            host::Condition::Locked => Self::Locked,
            host::Condition::LockedUntilReplugged => Self::LockedUntilReplugged,
            host::Condition::LockedByForeignIssuer => Self::LockedByForeignIssuer,
            host::Condition::LockedNotEnrolled => Self::LockedNotEnrolled,
            host::Condition::PinAuthBlocked { pin_retries } => Self::PinAuthBlocked { pin_retries },
            host::Condition::UvBlocked => Self::UvBlocked,
            host::Condition::PinNotSet => Self::PinNotSet,
            host::Condition::Unlocked { pin_retries } => Self::Unlocked { pin_retries },
            host::Condition::NotSupported => Self::NotSupported,
            host::Condition::OtherApplet => Self::OtherApplet,
        }
    }
}

/// What `Device.diagnose` found.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Diagnosis {
    /// The state.
    pub condition: Condition,
    /// The number of its row in the error table.
    pub number: u16,
    /// The state and what to do, in one sentence for the person.
    pub sentence: String,
    /// Whether an unlock is possible now.
    pub can_unlock: bool,
    /// The Device ID, if the device gives it.
    pub device_id: Option<String>,
    /// Enrolled and sealed.
    pub enrolled: bool,
    /// A slot's issuer key is not among those named as your own.
    pub foreign_issuer: bool,
    /// Those slots.
    pub foreign_slots: Vec<SlotInfo>,
}

impl Diagnosis {
    pub(crate) fn of(found: &host::Diagnosis) -> Self {
        Self {
            condition: found.condition.into(),
            number: found.condition.code().number(),
            sentence: found.sentence(),
            can_unlock: found.can_unlock(),
            device_id: found.device_id.map(|id| id.to_code()),
            enrolled: found.enrolled,
            foreign_issuer: found.foreign_issuer(),
            foreign_slots: found.foreign_slots.iter().map(SlotInfo::of).collect(),
        }
    }
}
