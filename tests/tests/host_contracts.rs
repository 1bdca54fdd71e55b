//! The contract suites of the user's side: every adapter in memory keeps them, and each suite finds adapters that go
//! wrong as adapters do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "host_contracts/card.rs"]
mod card;
#[path = "host_contracts/hid.rs"]
mod hid;
#[path = "host_contracts/transports.rs"]
mod transports;
#[path = "host_contracts/unlock.rs"]
mod unlock;

use fido_unlock::host::testing::{Checked, ContractError};

/// Whether a suite found a wrong adapter, by a sentence that has `word` in it.
fn assert_found(wrong: &str, found: Result<Checked, ContractError>, word: &str) {
    match found {
        Err(ContractError::Broken(sentence) | ContractError::Failed(sentence, _)) => {
            assert!(
                sentence.contains(word),
                "{wrong}: found by another sentence: {sentence}"
            );
        }
        other => panic!("{wrong}: not found: {other:?}"),
    }
}

/// Whether a suite found nothing wrong, and looked at all but `left_out`.
fn assert_kept(found: Result<Checked, ContractError>, left_out: &[&str]) {
    assert_eq!(found.unwrap().left_out, left_out);
}
