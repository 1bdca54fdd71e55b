//! What a board brings: flash, PIN code, button, noise. RAM and fixed values here.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::pin_protocol::PinProtocol;
use fido_unlock_device::ports::{ClientPin, PinState, Presence, UnlockStoreError, UnlockCommit, UnlockStore, UserPresence};
use fido_unlock_protocol::ports::{Entropy, EntropyError};

/// This board's own maximum.
const MAX_PIN_RETRIES: u8 = 8;

#[derive(Default)]
struct Memory {
    record: Option<Vec<u8>>,
    pin_hash: Option<[u8; 16]>,
    pin_retries: u8,
    force_pin_change: bool,
}

/// Where the record and the PIN live. Real flash writes both in one journal entry.
#[derive(Clone, Default)]
pub struct Flash(Rc<RefCell<Memory>>);

impl UnlockStore for Flash {
    fn load(&self) -> Result<Option<Vec<u8>>, UnlockStoreError> {
        Ok(self.0.borrow().record.clone())
    }

    fn store(&mut self, record: &[u8]) -> Result<(), UnlockStoreError> {
        self.0.borrow_mut().record = Some(record.to_vec());
        Ok(())
    }

    fn commit_unlock(&mut self, commit: &UnlockCommit<'_>) -> Result<(), UnlockStoreError> {
        *self.0.borrow_mut() = Memory {
            record: Some(commit.record.to_vec()),
            pin_hash: Some(*commit.pin_hash),
            pin_retries: MAX_PIN_RETRIES,
            force_pin_change: commit.force_pin_change,
        };
        Ok(())
    }
}

/// The board's `authenticatorClientPIN`.
pub struct BoardPin {
    flash: Flash,
}

impl ClientPin for BoardPin {
    fn pin_state(&self) -> PinState {
        let memory = self.flash.0.borrow();
        PinState {
            pin_set: memory.pin_hash.is_some(),
            pin_retries: memory.pin_retries,
            pin_auth_blocked: false,
            uv_retries: None,
            protocols: alloc::vec![PinProtocol::Two],
            min_pin_length: 4,
            max_pin_length: 63,
            force_pin_change: memory.force_pin_change,
            pin_complexity_policy: false,
            max_msg_size: 1024,
            has_credentials: false,
        }
    }

    fn verify_acfg_token(&mut self, _: PinProtocol, _: &[u8], _: &[u8]) -> Result<(), CtapStatus> {
        Err(CtapStatus::PinAuthInvalid)
    }

    fn pin_allowed(&self, _pin: &[u8]) -> bool {
        true
    }

    fn pin_hash(&self) -> Option<[u8; 16]> {
        self.flash.0.borrow().pin_hash
    }

    fn after_unlock(&mut self) {
        // No token and no command that goes on for longer here.
    }
}

/// The button; this board has none.
pub struct Button;

impl UserPresence for Button {
    fn can_touch(&self) -> bool {
        false
    }

    fn wait_for_touch(&mut self) -> Presence {
        Presence::Refused
    }

    fn freshly_powered(&self) -> bool {
        false
    }
}

/// The random number generator; without one the unlock refuses to make a challenge.
#[derive(Clone, Copy)]
pub struct Noise;

impl Entropy for Noise {
    fn fill(&mut self, _bytes: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

/// Everything together.
pub struct Board {
    pub flash: Flash,
    pub client_pin: BoardPin,
    pub button: Button,
    pub noise: Noise,
}

impl Board {
    pub fn new() -> Self {
        let flash = Flash::default();
        Self {
            client_pin: BoardPin {
                flash: flash.clone(),
            },
            flash,
            button: Button,
            noise: Noise,
        }
    }
}
