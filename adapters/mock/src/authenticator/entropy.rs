//! Random sources: the operating system's, and two for tests.

use std::sync::{Arc, Mutex, PoisonError};

use fido_unlock_protocol::ports::{Entropy, EntropyError};
use sha2::{Digest, Sha256};

/// One source for the authenticator, its PIN code and the unlock.
#[derive(Clone)]
pub(crate) struct SharedEntropy(Arc<Mutex<dyn Entropy + Send>>);

impl SharedEntropy {
    pub(crate) fn new(entropy: impl Entropy + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(entropy)))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], EntropyError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}

impl Entropy for SharedEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes)
    }
}

/// The same bytes for the same seed: for tests whose output must not change, never for keys.
#[derive(Clone, Debug)]
pub struct SeededEntropy {
    seed: u64,
    block: u64,
}

impl SeededEntropy {
    /// Begins at the first block of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, block: 0 }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(32) {
            let mut hash = Sha256::new();
            hash.update(self.seed.to_be_bytes());
            hash.update(self.block.to_be_bytes());
            self.block = self.block.wrapping_add(1);
            chunk
                .iter_mut()
                .zip(hash.finalize())
                .for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

/// Gives a number of fills, then fails for good: each command must then answer CTAP1_ERR_OTHER.
#[derive(Clone, Debug)]
pub struct FailingEntropy {
    left: u32,
    source: SeededEntropy,
}

impl FailingEntropy {
    /// Fails after `fills` calls.
    #[must_use]
    pub const fn after(fills: u32) -> Self {
        Self {
            left: fills,
            source: SeededEntropy::new(0),
        }
    }
}

impl Entropy for FailingEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self.left = self.left.checked_sub(1).ok_or(EntropyError)?;
        self.source.fill(bytes)
    }
}
