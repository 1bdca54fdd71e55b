//! How many codes may be given out.

use minicbor::{Decode, Encode};

/// One limit: how many codes in a sliding window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LimitRule {
    /// The window's length.
    #[n(0)]
    pub window_seconds: u64,
    /// With this many codes in the window, the next one needs a second operator.
    #[n(1)]
    pub approval_from: u32,
    /// With this many codes in the window, the next one is refused.
    #[n(2)]
    pub refuse_from: u32,
}

/// The three limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LimitRules {
    /// For one device.
    #[n(0)]
    pub device: LimitRule,
    /// By one operator.
    #[n(1)]
    pub operator: LimitRule,
    /// Under one issuer key; all of suite 3 together.
    #[n(2)]
    pub issuer: LimitRule,
}

/// Which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LimitKind {
    /// [`LimitRules::device`].
    Device,
    /// [`LimitRules::operator`].
    Operator,
    /// [`LimitRules::issuer`].
    Issuer,
}
