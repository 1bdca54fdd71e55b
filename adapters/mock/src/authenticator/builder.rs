//! How an authenticator is set up.

use std::sync::Arc;

use fido_unlock_device::UnlockHandler;
use fido_unlock_host::ports::{SystemTicks, Ticks};
use fido_unlock_protocol::pin_protocol::PinProtocol;
use fido_unlock_protocol::ports::Entropy;

use super::entropy::SharedEntropy;
use super::pin::{PinConfig, PinModule};
use super::{Config, SoftAuthenticator, Touch, TouchHandle};
use crate::state::{State, StateError, Storage, Store};

/// Builds a [`SoftAuthenticator`]; by default in memory, with 8 tries, PINs of 4 or more code points,
/// protocols 2 and 1, a button that is touched at once, and a vendor interface.
///
/// ```
/// use fido_unlock_protocol::Interface;
/// use fido_unlock_mock::SoftAuthenticator;
/// use fido_unlock_mock::framing::CtapHandler;
/// let mut key = SoftAuthenticator::builder().max_retries(5).build()?;
/// assert_eq!(key.handle(Interface::Fido, &[0x04], &mut |_| false)[0], 0);
/// # Ok::<(), fido_unlock_mock::state::StateError>(())
/// ```
pub struct Builder {
    storage: Storage,
    store: Option<Store>,
    entropy: SharedEntropy,
    ticks: Arc<dyn Ticks + Send + Sync>,
    touch: Touch,
    config: Config,
    pin: PinConfig,
    max_slots: u8,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            storage: Storage::Memory,
            store: None,
            entropy: SharedEntropy::new(getrandom::SysRng),
            ticks: Arc::new(SystemTicks::default()),
            touch: Touch::AtOnce,
            config: Config {
                min_pin_length: 4,
                max_credentials: 50,
                can_touch: true,
                vendor_interface: true,
                monotonic_counter: false,
            },
            pin: PinConfig {
                protocols: vec![PinProtocol::Two, PinProtocol::One],
                max_retries: 8,
                pin_complexity: false,
                max_msg_size: 1200,
            },
            max_slots: fido_unlock_device::MOST_SLOTS,
        }
    }
}

impl Builder {
    /// Where the flash is kept. A file that is there is taken up as it is: its `pinRetries` and
    /// `minPINLength` stay.
    #[must_use]
    pub fn storage(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self
    }

    /// Takes up the flash of another authenticator, as a restart of its firmware does.
    #[must_use]
    pub fn store(mut self, store: Store) -> Self {
        self.store = Some(store);
        self
    }

    /// The random source, instead of the operating system's.
    #[must_use]
    pub fn entropy(mut self, entropy: impl Entropy + Send + 'static) -> Self {
        self.entropy = SharedEntropy::new(entropy);
        self
    }

    /// The clock, instead of the operating system's.
    #[must_use]
    pub fn ticks(mut self, ticks: impl Ticks + Send + Sync + 'static) -> Self {
        self.ticks = Arc::new(ticks);
        self
    }

    /// What the person does when it blinks; [`SoftAuthenticator::touch_handle`] changes it later.
    #[must_use]
    pub fn touch(mut self, touch: Touch) -> Self {
        self.touch = touch;
        self
    }

    /// Whether there is a button; without one, power alone counts as presence.
    #[must_use]
    pub fn can_touch(mut self, can_touch: bool) -> Self {
        self.config.can_touch = can_touch;
        self
    }

    /// `pinRetries` of a fresh PIN: 1 to 8 (CTAP 2.1 §6.5.2.2).
    #[must_use]
    pub fn max_retries(mut self, max_retries: u8) -> Self {
        self.pin.max_retries = max_retries.clamp(1, 8);
        self
    }

    /// `minPINLength` after a reset, in code points: 4 to 63.
    #[must_use]
    pub fn min_pin_length(mut self, min_pin_length: u8) -> Self {
        self.config.min_pin_length = min_pin_length.clamp(4, 63);
        self
    }

    /// PIN/UV protocols in the order that `getInfo` lists.
    #[must_use]
    pub fn protocols(mut self, protocols: &[PinProtocol]) -> Self {
        self.pin.protocols = protocols.to_vec();
        self
    }

    /// Whether the device refuses repeats and runs (`pinComplexityPolicy`).
    #[must_use]
    pub fn pin_complexity(mut self, pin_complexity: bool) -> Self {
        self.pin.pin_complexity = pin_complexity;
        self
    }

    /// `maxMsgSize` in bytes, at least 1024.
    #[must_use]
    pub fn max_msg_size(mut self, max_msg_size: u32) -> Self {
        self.pin.max_msg_size = max_msg_size.max(1024);
        self
    }

    /// How many discoverable credentials it holds.
    #[must_use]
    pub fn max_credentials(mut self, max_credentials: usize) -> Self {
        self.config.max_credentials = max_credentials;
        self
    }

    /// Whether the vendor interface answers.
    #[must_use]
    pub fn vendor_interface(mut self, vendor_interface: bool) -> Self {
        self.config.vendor_interface = vendor_interface;
        self
    }

    /// Whether the device has a counter that a flash image that is copied back does not turn back.
    #[must_use]
    pub fn monotonic_counter(mut self, monotonic_counter: bool) -> Self {
        self.config.monotonic_counter = monotonic_counter;
        self
    }

    /// How many issuer keys one enrolment may name: 2 to 12.
    #[must_use]
    pub fn max_slots(mut self, max_slots: u8) -> Self {
        self.max_slots = max_slots;
        self
    }

    /// Powers it up; an empty flash is set up as after a reset.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn build(mut self) -> Result<SoftAuthenticator, StateError> {
        let store = match self.store {
            Some(store) => store,
            None => Store::open(self.storage, self.pin.max_retries)?,
        };
        store.set_max_slots(self.max_slots);
        store.power_cycle();
        if store.load_state().map_err(|_| StateError::Corrupt)?.is_none() {
            let master = self.entropy.array().map_err(|_| StateError::Entropy)?;
            store.replace(&State::fresh(
                master,
                self.pin.max_retries,
                self.config.min_pin_length,
            ))?;
        }
        let pin = PinModule::new(
            self.pin,
            store.clone(),
            self.entropy.clone(),
            Arc::clone(&self.ticks),
        );
        Ok(SoftAuthenticator {
            powered_at: self.ticks.now(),
            config: self.config,
            store,
            entropy: self.entropy,
            ticks: self.ticks,
            touch: TouchHandle::new(self.touch),
            pin,
            assertions: None,
            enumeration: None,
            blob_write: None,
            unlock: UnlockHandler::new(),
        })
    }
}
