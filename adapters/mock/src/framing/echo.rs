//! A device that echoes what it is given, for contract suites and first tries.

use fido_unlock_host::framing::Interface;

use super::CtapHandler;

/// Answers each message with status 0 and the message without its command byte.
#[derive(Clone, Copy, Debug, Default)]
pub struct EchoHandler {
    /// The next message is answered with no byte at all.
    pub answer_nothing: bool,
}

impl EchoHandler {
    /// The answer to `message`; as long as the message is.
    #[must_use]
    pub fn answer(message: &[u8]) -> Vec<u8> {
        let mut answer = message.to_vec();
        if let Some(status) = answer.first_mut() {
            *status = 0;
        }
        answer
    }
}

impl CtapHandler for EchoHandler {
    fn handle(&mut self, _: Interface, message: &[u8], _: &mut dyn FnMut(u8) -> bool) -> Vec<u8> {
        if core::mem::take(&mut self.answer_nothing) {
            return Vec::new();
        }
        Self::answer(message)
    }

    fn power_cycle(&mut self) {}
}
