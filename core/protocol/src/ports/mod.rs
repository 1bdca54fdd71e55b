//! Ports that more than one side calls: random bytes, and an issuer's key at an enrolment station. Every
//! other port is in the crate that calls it.

mod entropy;
#[cfg(feature = "alloc")]
mod issuer_prover;

pub use entropy::{Entropy, EntropyError};
#[cfg(feature = "alloc")]
pub use issuer_prover::{IssuerProver, ProverError};
