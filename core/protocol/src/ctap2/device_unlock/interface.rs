//! The two ways into a device (docs/protocol.md, "Interfaces").

/// Where a command came in, or goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interface {
    /// The FIDO AID, or HID usage page 0xF1D0.
    Fido,
    /// The vendor AID, or HID usage page 0xFF55: `getInfo`, `getChallenge` and `unlock` of
    /// `authenticatorDeviceUnlock`, nothing else. Any process may open it.
    Vendor,
}
