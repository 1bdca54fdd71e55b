//! A connected card of a [`super::Device`].

use core::time::Duration;
use std::sync::{Arc, Mutex};

use fido_unlock_host::ports::{ApduChannel, TransportError};

use super::device::{Inner, SharedTicks, lock};
use super::{CardFaults, CtapHandler};

/// A connected card.
pub struct MockApdu<A> {
    inner: Arc<Mutex<Inner<A>>>,
    ticks: SharedTicks,
    plugged: u64,
    card_resets: u64,
    apdus: u64,
    in_transaction: bool,
    sent: Vec<Vec<u8>>,
    /// What goes wrong from now on.
    pub faults: CardFaults,
}

impl<A: CtapHandler + Send + 'static> MockApdu<A> {
    pub(super) fn connect(inner: Arc<Mutex<Inner<A>>>, ticks: SharedTicks) -> Self {
        let (plugged, card_resets) = {
            let guard = lock(&inner);
            (guard.plugged, guard.card_resets)
        };
        Self {
            inner,
            ticks,
            plugged,
            card_resets,
            apdus: 0,
            in_transaction: false,
            sent: Vec::new(),
            faults: CardFaults::default(),
        }
    }

    /// APDUs that were sent so far.
    #[must_use]
    pub const fn apdus(&self) -> u64 {
        self.apdus
    }

    /// Every APDU that was sent, oldest first.
    #[must_use]
    pub fn sent(&self) -> &[Vec<u8>] {
        &self.sent
    }

    /// Whether the card is held against other programs now.
    #[must_use]
    pub const fn is_in_transaction(&self) -> bool {
        self.in_transaction
    }

    fn check(&self, inner: &Inner<A>) -> Result<(), TransportError> {
        if inner.plugged != self.plugged {
            return Err(TransportError::Gone);
        }
        if inner.card_resets != self.card_resets {
            return Err(TransportError::CardReset);
        }
        Ok(())
    }
}

fn fires(at: &mut Option<u64>, index: u64) -> bool {
    at.take_if(|at| *at == index).is_some()
}

impl<A: CtapHandler + Send + 'static> ApduChannel for MockApdu<A> {
    fn transmit(&mut self, apdu: &[u8], timeout: Duration) -> Result<Vec<u8>, TransportError> {
        let mut inner = lock(&self.inner);
        let index = self.apdus;
        self.apdus += 1;
        self.sent.push(apdu.to_vec());
        if fires(&mut self.faults.gone_at, index) {
            inner.replug();
        }
        if fires(&mut self.faults.reset_at, index) {
            inner.power_cycle();
        }
        self.check(&inner)?;
        if fires(&mut self.faults.deselect_at, index) {
            inner.card.deselect();
        }
        if self.faults.apdu_time > timeout {
            self.ticks.sleep(timeout);
            return Err(TransportError::DeadlineExceeded);
        }
        self.ticks.sleep(self.faults.apdu_time);
        let Inner { engine, card, .. } = &mut *inner;
        let response = card.transmit(engine, &self.faults, &*self.ticks, apdu, timeout);
        inner.settle();
        self.check(&inner)?;
        match response {
            Some(_) if fires(&mut self.faults.cut_at, index) => Ok(vec![0x90]),
            Some(response) => Ok(response),
            None => Err(TransportError::DeadlineExceeded),
        }
    }

    fn extended_length(&self) -> bool {
        !self.faults.short_reader
    }

    fn begin_transaction(&mut self, timeout: Duration) -> Result<(), TransportError> {
        if let Some(left) = self.faults.busy.checked_sub(1) {
            self.faults.busy = left;
            self.ticks.sleep(timeout);
            return Err(TransportError::Busy);
        }
        self.check(&lock(&self.inner))?;
        self.in_transaction = true;
        Ok(())
    }

    fn end_transaction(&mut self) {
        self.in_transaction = false;
    }

    fn reconnect(&mut self, _timeout: Duration) -> Result<(), TransportError> {
        let inner = lock(&self.inner);
        if inner.plugged != self.plugged {
            return Err(TransportError::Gone);
        }
        self.card_resets = inner.card_resets;
        Ok(())
    }
}
