//! Contract suites: what every adapter of a port must do, to be run by each adapter's own tests, in front of a
//! device that the test controls.
//!
//! A suite takes a bench: a way to open the adapter, and knobs that make the device do something. A knob that
//! a bench lacks says `false`; what it was for is then named in the suite's [`Checked`], so a test can
//! insist that nothing was left out. A suite says what was broken instead of panicking.
//!
//! | suite | bench | the device |
//! | --- | --- | --- |
//! | [`hid_reports()`] | [`HidBench`] | any that answers CTAPHID_INIT and CTAPHID_PING, such as a key from a shop |
//! | [`apdu_channel()`] | [`CardBench`] | any with a command that gives back what it is given |
//! | [`transport()`] | [`TransportBench`] | any with a message that is answered in a known way |
//! | [`unlock_device()`] | [`UnlockBench`] | an enrolled one whose issuer key the test has |
//!
//! No suite wants a fast machine: what must happen has a minute, and what must not happen too early is late
//! on a slow machine anyway. A wait that never ends at all ends with the test runner's own limit. Time is read from
//! `ticks`, the clock by which the adapter waits: [`SystemTicks`](crate::ports::SystemTicks), or a virtual one.

mod apdu_channel;
mod hid_reports;
mod transport;
mod unlock_device;

use alloc::vec::Vec;
use core::cell::Cell;
use core::time::Duration;

use crate::UnlockError;
use crate::ports::{Cancel, Ticks};

pub use apdu_channel::{CardBench, Echo, apdu_channel};
pub use hid_reports::{HidBench, hid_reports};
pub use transport::{Exchange, TransportBench, transport};
pub use unlock_device::{UnlockBench, unlock_device};

/// The longest that anything may take; whatever takes longer hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How long a device is silent that is to be given up: longer than [`PATIENCE`], so that whoever waits for its
/// answer is found out.
const SILENCE: Duration = Duration::from_secs(90);
/// A wait in which nothing is to happen.
const SHORT: Duration = Duration::from_millis(200);
/// Between two looks.
const SLICE: Duration = Duration::from_millis(50);

/// What an adapter does not keep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContractError {
    /// This sentence of the contract.
    #[error("the contract is broken: {0}")]
    Broken(&'static str),
    /// A call failed that should not have, or with another error: the sentence, and what the call said.
    #[error("the contract is broken: {0} ({1})")]
    Failed(&'static str, UnlockError),
}

/// What a suite found kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What it could not look at, as the bench lacks the knob.
    pub left_out: Vec<&'static str>,
}

fn ensure(holds: bool, sentence: &'static str) -> Result<(), ContractError> {
    if holds {
        Ok(())
    } else {
        Err(ContractError::Broken(sentence))
    }
}

/// What a call gave that must not fail.
fn must<T, E: Into<UnlockError>>(result: Result<T, E>, sentence: &'static str) -> Result<T, ContractError> {
    result.map_err(|error| ContractError::Failed(sentence, error.into()))
}

/// Whether a call failed as it must.
fn must_fail<T, E: Into<UnlockError> + PartialEq>(
    result: Result<T, E>,
    expected: &E,
    sentence: &'static str,
) -> Result<(), ContractError> {
    match result {
        Err(error) if error == *expected => Ok(()),
        Err(error) => Err(ContractError::Failed(sentence, error.into())),
        Ok(_) => Err(ContractError::Broken(sentence)),
    }
}

/// Does something that must be over by `limit`.
fn within<T>(
    ticks: &dyn Ticks,
    limit: Duration,
    sentence: &'static str,
    work: impl FnOnce() -> T,
) -> Result<T, ContractError> {
    let begun = ticks.now();
    let done = work();
    ensure(ticks.now().saturating_sub(begun) < limit, sentence)?;
    Ok(done)
}

/// Looks again and again until `found` gives something, at most [`PATIENCE`].
fn eventually<T>(
    ticks: &dyn Ticks,
    sentence: &'static str,
    mut found: impl FnMut() -> Result<Option<T>, ContractError>,
) -> Result<T, ContractError> {
    let begun = ticks.now();
    loop {
        if let Some(value) = found()? {
            return Ok(value);
        }
        ensure(ticks.now().saturating_sub(begun) < PATIENCE, sentence)?;
        ticks.sleep(SLICE);
    }
}

/// A person who cancels between the second look at the flag and the third.
#[derive(Default)]
struct CancelAtThirdLook(Cell<u32>);

impl Cancel for CancelAtThirdLook {
    fn is_cancelled(&self) -> bool {
        self.0.set(self.0.get().saturating_add(1));
        self.0.get() > 2
    }
}

/// Bytes in which a place that is lost, doubled or moved shows; `seed` tells messages apart.
fn pattern(seed: u8, length: usize) -> Vec<u8> {
    let mut next = seed;
    core::iter::repeat_with(|| {
        // 1 to 251: a byte that is lost or left over does not look like padding.
        next = next.wrapping_mul(3).wrapping_add(7) % 251 + 1;
        next
    })
    .take(length)
    .collect()
}
