//! The software authenticator without framing, and what can go wrong on the way to it.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arbitrary::Arbitrary;
use fido_unlock_host::framing::Interface;
use fido_unlock_host::ports::{
    Call, NeverCancel, NoProgress, ProgressEvent, Ticks, Transport, TransportError,
};
use fido_unlock_mock::authenticator::{Builder, SeededEntropy};
use fido_unlock_mock::flash::Flash;
use fido_unlock_mock::framing::CtapHandler;
use fido_unlock_mock::state::State;
use fido_unlock_mock::{SoftAuthenticator, Store, TestTicks, TouchHandle};
use fido_unlock_protocol::ports::{Entropy, EntropyError};

/// A keep-alive takes so long.
const KEEPALIVE: Duration = Duration::from_millis(100);

/// The device's random bytes: the same each time, or none for a while.
#[derive(Clone)]
pub struct Noise(Arc<Mutex<(SeededEntropy, u8)>>);

impl Noise {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new((SeededEntropy::new(7), 0))))
    }

    /// The next `fills` fail.
    pub fn fail(&self, fills: u8) {
        self.0.lock().unwrap().1 = fills;
    }
}

impl Entropy for Noise {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        let (source, failures) = &mut *self.0.lock().unwrap();
        if let Some(left) = failures.checked_sub(1) {
            *failures = left;
            return Err(EntropyError);
        }
        source.fill(bytes)
    }
}

/// A key, its flash, its button and its clock.
pub struct Key {
    authenticator: RefCell<SoftAuthenticator>,
    pub store: Store,
    pub touch: TouchHandle,
    pub ticks: TestTicks,
    pub noise: Noise,
    /// Every message that a host sent, whether it came or not.
    pub sent: RefCell<Vec<(Interface, Vec<u8>)>>,
}

impl Key {
    pub fn new(build: impl FnOnce(Builder) -> Builder) -> Self {
        let (ticks, noise) = (TestTicks::new(), Noise::new());
        let builder = SoftAuthenticator::builder()
            .ticks(ticks.clone())
            .entropy(noise.clone());
        let authenticator = build(builder).build().unwrap();
        Self {
            store: authenticator.store(),
            touch: authenticator.touch_handle(),
            authenticator: RefCell::new(authenticator),
            ticks,
            noise,
            sent: RefCell::new(Vec::new()),
        }
    }

    /// Takes the flash for its own, and starts with it.
    pub fn load(&self, flash: &Flash) {
        self.store.with_flash(|place| *place = flash.clone());
        self.power_cycle();
    }

    pub fn power_cycle(&self) {
        self.authenticator.borrow_mut().power_cycle();
    }

    /// Gives power back where it was lost; whether it was.
    pub fn recover(&self) -> bool {
        let lost = self.store.with_flash(|flash| {
            flash.arm(None);
            !flash.is_powered()
        });
        if lost {
            self.power_cycle();
        }
        lost
    }

    pub fn state(&self) -> State {
        self.store.load_state().expect("flash is read").expect("a state")
    }

    pub fn state_bytes(&self) -> Vec<u8> {
        self.state().to_value().to_bytes().to_vec()
    }

    /// Changes what stands in flash.
    pub fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        let bytes = state.to_value().to_bytes();
        self.store.with_flash(|flash| flash.commit(&bytes)).unwrap();
    }

    pub fn handle(&self, interface: Interface, message: &[u8], call: &mut Call<'_>) -> Vec<u8> {
        let mut keepalive = |status| {
            self.ticks.sleep(KEEPALIVE);
            call.tell(ProgressEvent::from_keepalive(status));
            call.cancel.is_cancelled() || call.remaining().is_zero()
        };
        self.authenticator
            .borrow_mut()
            .handle(interface, message, &mut keepalive)
    }

    /// One call of a minute.
    pub fn call<T>(&self, work: impl FnOnce(&mut Call<'_>) -> T) -> T {
        let mut progress = NoProgress;
        let minute = Duration::from_secs(60);
        work(&mut Call::new(&self.ticks, minute, &NeverCancel, &mut progress))
    }

    /// A message without a host.
    pub fn raw(&self, interface: Interface, message: &[u8]) -> Vec<u8> {
        self.call(|call| self.handle(interface, message, call))
    }

    pub fn wire(&self, interface: Interface) -> Wire<'_> {
        Wire {
            key: self,
            interface,
            plan: Plan::default(),
            gone: Cell::new(false),
            was_edited: Cell::new(false),
            delivered: Cell::new(0),
        }
    }
}

/// What happens to a message.
#[derive(Arbitrary, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    #[default]
    Answered,
    /// It never comes to the device; the next one does.
    LostBefore,
    /// The device acts, its answer is lost; the next one is not.
    LostAfter,
    /// The device acts and is gone.
    GoneAfter,
}

/// How a message is changed on its way.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Edit {
    Flip { place: u16, bits: u8 },
    Cut { length: u16 },
    Append { byte: u8 },
    Remove { place: u16 },
}

impl Edit {
    pub fn apply(self, message: &mut Vec<u8>) {
        let length = message.len();
        match self {
            Self::Flip { place, bits } => message[usize::from(place) % length] ^= bits,
            Self::Cut { length: to } => message.truncate(1 + usize::from(to) % length),
            Self::Append { byte } => message.push(byte),
            Self::Remove { place } => drop(message.remove(usize::from(place) % length)),
        }
    }
}

/// What happens to the message that has `part` in it.
#[derive(Default)]
pub struct Plan {
    pub part: Vec<u8>,
    pub edit: Option<Edit>,
    pub fate: Fate,
}

/// A way to the key.
pub struct Wire<'k> {
    key: &'k Key,
    interface: Interface,
    pub plan: Plan,
    gone: Cell<bool>,
    was_edited: Cell<bool>,
    delivered: Cell<u32>,
}

impl Wire<'_> {
    /// Whether the planned message was changed.
    pub fn was_edited(&self) -> bool {
        self.was_edited.get()
    }

    /// How often the planned message came to the device.
    pub fn delivered(&self) -> u32 {
        self.delivered.get()
    }
}

impl Transport for Wire<'_> {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        if self.gone.get() {
            return Err(TransportError::Gone);
        }
        let mut sent = message.to_vec();
        let part = &self.plan.part;
        let planned = !part.is_empty() && message.windows(part.len()).any(|window| window == part);
        if let (true, Some(edit)) = (planned, self.plan.edit) {
            edit.apply(&mut sent);
            self.was_edited.set(sent != message);
        }
        self.key.sent.borrow_mut().push((self.interface, sent.clone()));
        let fate = if planned { self.plan.fate } else { Fate::Answered };
        if fate == Fate::LostBefore {
            return Err(TransportError::Gone);
        }
        self.delivered.set(self.delivered.get() + u32::from(planned));
        let answer = self.key.handle(self.interface, &sent, call);
        match fate {
            Fate::Answered | Fate::LostBefore => Ok(answer),
            Fate::LostAfter => Err(TransportError::Gone),
            Fate::GoneAfter => {
                self.gone.set(true);
                Err(TransportError::Gone)
            }
        }
    }

    fn interface(&self) -> Interface {
        self.interface
    }
}
