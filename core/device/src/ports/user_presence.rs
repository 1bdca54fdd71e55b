//! The authenticator's button.

/// How a wait for a touch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Touched.
    Present,
    /// Nobody touched it in time (CTAP2_ERR_USER_ACTION_TIMEOUT).
    TimedOut,
    /// Refused on the device (CTAP2_ERR_OPERATION_DENIED).
    Refused,
    /// The host sent CTAPHID_CANCEL (CTAP2_ERR_KEEPALIVE_CANCEL).
    Cancelled,
}

/// Asks for a touch.
pub trait UserPresence {
    /// Whether there is a button, sensor or screen at all.
    fn can_touch(&self) -> bool;

    /// Waits for a touch; the firmware sends keep-alives meanwhile.
    fn wait_for_touch(&mut self) -> Presence;

    /// Whether power came less than 10 seconds ago, as `authenticatorReset` asks (CTAP 2.1 §6.6).
    fn freshly_powered(&self) -> bool;
}
