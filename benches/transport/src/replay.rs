//! Recorded answers without any stack: what core alone costs.

use fido_unlock::Interface;
use fido_unlock::host::ports::{Call, Transport, TransportError};

/// Keeps the answers that came over a transport.
pub struct Recorder<T> {
    pub inner: T,
    pub answers: Vec<Vec<u8>>,
}

impl<T: Transport> Transport for Recorder<T> {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        let answer = self.inner.transact(message, call)?;
        self.answers.push(answer.clone());
        Ok(answer)
    }

    fn interface(&self) -> Interface {
        self.inner.interface()
    }
}

/// Gives them again, round and round.
pub struct Player {
    pub answers: Vec<Vec<u8>>,
    pub next: usize,
}

impl Transport for Player {
    fn transact(&mut self, _: &[u8], _: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        let answer = self.answers[self.next].clone();
        self.next = (self.next + 1) % self.answers.len();
        Ok(answer)
    }

    fn interface(&self) -> Interface {
        Interface::Vendor
    }
}
