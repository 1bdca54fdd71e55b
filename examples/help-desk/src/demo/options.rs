//! What a demonstration is like.

use std::path::PathBuf;

use fido_unlock::Suite;

/// What a demonstration is made with.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Of its devices, and of their codes.
    pub suite: Suite,
    /// With this many codes of a device in a day the next one wants a second operator: 0, all do.
    pub approval_from: u32,
    /// The locked key goes into this file, which is new, and is another program's to use. Without one it is in this
    /// process, and "Try it" shows it.
    pub key: Option<PathBuf>,
    /// Whether the set-up has ended: before that no code is given.
    pub open: bool,
}

impl Default for DemoOptions {
    /// Codes that are read out; an approval is seen from a device's second one on.
    fn default() -> Self {
        Self {
            suite: Suite::P256EcdhMac,
            approval_from: 1,
            key: None,
            open: true,
        }
    }
}
