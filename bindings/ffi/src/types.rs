//! Small values of core, as they cross the border.

use fido_unlock::ctap2::device_unlock;

/// The algorithm inside a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Suite {
    /// 1: a signature; four lines, for paste, QR or an agent.
    P256Ecdsa,
    /// 2: 24 characters, read aloud.
    P256EcdhMac,
    /// 3: 32 hexadecimal digits.
    AesAdminKey,
}

impl From<fido_unlock::Suite> for Suite {
    fn from(suite: fido_unlock::Suite) -> Self {
        match suite {
            fido_unlock::Suite::P256Ecdsa => Self::P256Ecdsa,
            fido_unlock::Suite::P256EcdhMac => Self::P256EcdhMac,
            fido_unlock::Suite::AesAdminKey => Self::AesAdminKey,
        }
    }
}

impl From<Suite> for fido_unlock::Suite {
    fn from(suite: Suite) -> Self {
        match suite {
            Suite::P256Ecdsa => Self::P256Ecdsa,
            Suite::P256EcdhMac => Self::P256EcdhMac,
            Suite::AesAdminKey => Self::AesAdminKey,
        }
    }
}

/// Which interface of the device a pipe reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Interface {
    /// The FIDO AID, or HID usage page 0xF1D0.
    Fido,
    /// The vendor AID, or HID usage page 0xFF55: state, challenge and unlock, nothing else; any
    /// process may open it.
    Vendor,
}

impl From<Interface> for fido_unlock::Interface {
    fn from(interface: Interface) -> Self {
        match interface {
            Interface::Fido => Self::Fido,
            Interface::Vendor => Self::Vendor,
        }
    }
}

impl From<fido_unlock::Interface> for Interface {
    fn from(interface: fido_unlock::Interface) -> Self {
        match interface {
            fido_unlock::Interface::Fido => Self::Fido,
            fido_unlock::Interface::Vendor => Self::Vendor,
        }
    }
}

/// A key slot.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SlotInfo {
    /// 0 to 15; slot 0 may be the offline recovery key.
    pub slot: u8,
    /// What its key is for.
    pub suite: Suite,
    /// 16 bytes that identify the issuer's key; absent in suite 3.
    pub fingerprint: Option<Vec<u8>>,
    /// How many times the slot has been given a new key.
    pub rotation: u32,
}

impl SlotInfo {
    pub(crate) fn of(slot: &device_unlock::SlotInfo) -> Self {
        Self {
            slot: slot.slot,
            suite: slot.suite.into(),
            fingerprint: slot.fingerprint.map(Into::into),
            rotation: slot.rotation,
        }
    }
}

/// What a device generated at enrolment.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct EnrolledDevice {
    /// Its Device ID.
    pub device_id: String,
    /// E as a compressed point of 33 bytes, for the registry.
    pub device_key: Vec<u8>,
}
