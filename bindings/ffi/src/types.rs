//! Small enums of core as they cross.

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
