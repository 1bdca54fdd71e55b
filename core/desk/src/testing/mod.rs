//! Contract suites: what every adapter of a port must do, to be run by each adapter's own tests.
//!
//! A suite is a function that takes a way to open the store; each call stands for a start of the
//! program over the same data. It says what was broken instead of panicking.

mod admin_key_store;
mod desk_store;
mod passkeys;
mod signer;

use crate::ports::{PasskeyError, SignerError, StorageError};

pub use admin_key_store::admin_key_store;
pub use desk_store::desk_store;
pub use passkeys::{BrowserWay, PasskeyBrowser, PasskeysUnderTest, passkeys};
pub use signer::{SignerUnderTest, signer};

/// What an adapter does not keep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContractError {
    /// This sentence of the contract.
    #[error("the contract is broken: {0}")]
    Broken(&'static str),
    /// A call failed that should not have.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The same of passkeys.
    #[error(transparent)]
    Passkeys(#[from] PasskeyError),
    /// The same of a signer.
    #[error(transparent)]
    Signer(#[from] SignerError),
}

fn ensure(holds: bool, sentence: &'static str) -> Result<(), ContractError> {
    if holds {
        Ok(())
    } else {
        Err(ContractError::Broken(sentence))
    }
}
