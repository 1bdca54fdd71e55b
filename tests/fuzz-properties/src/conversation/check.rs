//! What may differ after a step.

use fido_unlock_mock::state::State;
use fido_unlock_protocol::pin_protocol::hash_pin;

use super::PINS;

/// What a step may have changed; nothing else did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allowed {
    /// A right code came.
    pub unlock: bool,
    /// A PIN was set where there was none.
    pub set_pin: bool,
    /// The right PIN came.
    pub right_pin: bool,
    /// A PIN was tried.
    pub tries: u8,
    pub credential: bool,
    pub reset: bool,
    /// Settings without a PIN.
    pub settings: bool,
    /// The unlock record, in which the challenge stands.
    pub record: bool,
}

/// The text of the PIN; one that nobody typed is a fault.
pub fn pin_of(state: &State) -> Option<&'static str> {
    let hash = state.pin.as_ref()?.hash;
    let is_it = |pin: &&str| *hash_pin(pin.as_bytes()) == hash;
    Some(PINS.into_iter().find(is_it).expect("a PIN that somebody typed"))
}

/// State and unlock counter before and after.
pub struct Change<'a> {
    pub before: &'a State,
    pub after: &'a State,
    pub counters: (u32, u32),
    pub max_retries: u8,
}

impl Change<'_> {
    pub fn judge(&self, allowed: Allowed) {
        let Self { before, after, .. } = *self;
        assert!(after.pin_retries <= self.max_retries, "more tries than there are");
        if before.to_value().get(2) != after.to_value().get(2) {
            assert!(allowed.reset, "the device's secret changed");
            assert!(after.pin.is_none() && after.unlock_record.is_none() && after.credentials.is_empty());
            return;
        }
        self.pin(allowed);
        self.tries(allowed);
        // A new one for the same account takes the place of the old one (CTAP 2.1 §6.1.2).
        let kept = before.credentials.iter().all(|old| {
            after.credentials.iter().any(|new| {
                let account = new.user_id == old.user_id && new.rp_id == old.rp_id;
                account && (new.id == old.id || allowed.credential)
            })
        });
        assert!(kept, "a credential is lost");
        assert!(allowed.credential || after.credentials.len() == before.credentials.len());
        assert!(allowed.record || after.unlock_record == before.unlock_record);
        let settings = |state: &State| {
            (
                state.min_pin_length,
                state.always_uv,
                state.large_blobs.clone(),
                state.min_pin_length_rp_ids.clone(),
            )
        };
        assert!(allowed.settings || settings(before) == settings(after));
        pin_of(after);
    }

    fn pin(&self, allowed: Allowed) {
        let Self { before, after, .. } = *self;
        let hash = |state: &State| state.pin.as_ref().map(|pin| pin.hash);
        if self.counters.0 != self.counters.1 && before.unlock_record.is_some() {
            assert!(allowed.unlock, "the unlock counter moved without an unlock");
            assert_eq!(self.counters.1, self.counters.0 + 1);
            assert_eq!(before.pin_retries, 0, "an unlock of a PIN that is not blocked");
            assert_eq!(after.pin_retries, self.max_retries);
            return;
        }
        if hash(before) != hash(after) {
            assert!(
                allowed.set_pin && before.pin.is_none(),
                "the PIN changed without a code"
            );
        }
    }

    fn tries(&self, allowed: Allowed) {
        let (before, after) = (self.before.pin_retries, self.after.pin_retries);
        if after > before {
            let unlocked = self.counters.0 != self.counters.1;
            assert!(
                unlocked || allowed.right_pin || allowed.set_pin,
                "tries came back"
            );
        }
        assert!(
            before.saturating_sub(after) <= allowed.tries,
            "one request took several tries"
        );
    }
}
