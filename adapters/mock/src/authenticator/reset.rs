//! `authenticatorReset` and `authenticatorSelection` (CTAP 2.1 §6.6, §6.9).

use fido_unlock_device::ports::UserPresence;
use fido_unlock_protocol::ctap2::CtapStatus;

use super::{Answer, Keepalive, SoftAuthenticator};
use crate::state::State;

impl SoftAuthenticator {
    /// Erases credentials, PIN, settings and the unlock's record; only just after power-up, with a
    /// touch.
    pub(super) fn reset(&mut self, keepalive: Keepalive<'_>) -> Answer {
        let mut button = self.button(keepalive);
        if !button.freshly_powered() {
            return Err(CtapStatus::NotAllowed);
        }
        button.touch()?;
        let master = self.entropy.array().map_err(|_| CtapStatus::Other)?;
        let fresh = State::fresh(master, self.pin.config.max_retries, self.config.min_pin_length);
        self.store.replace(&fresh).map_err(|_| CtapStatus::Other)?;
        self.pin.power_cycle();
        self.unlock.power_cycle();
        Ok(None)
    }

    pub(super) fn selection(&mut self, keepalive: Keepalive<'_>) -> Answer {
        self.button(keepalive).touch()?;
        Ok(None)
    }
}
