//! The operating system's random bytes.

use fido_unlock_protocol::ports::{Entropy, EntropyError};
use getrandom::SysRng;

/// The operating system's random source: getrandom(2), ProcessPrng, getentropy.
///
/// ```
/// use fido_unlock_protocol::ports::Entropy;
///
/// let mut key = [0; 32];
/// fido_unlock_system::SystemEntropy.fill(&mut key)?;
/// # Ok::<(), fido_unlock_protocol::ports::EntropyError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        SysRng.fill(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        let mut draws = [[0; 16]; 2];
        for draw in &mut draws {
            SystemEntropy.fill(draw).unwrap();
        }
        assert_ne!(draws[0], draws[1]);
        assert_ne!(draws[0], [0; 16]);
    }
}
