//! What must hold for any bytes: one function for each fuzz target (`fuzz/`). It takes what the fuzzer
//! made, and panics where a property of the target does not hold. `tests/tests/corpus.rs` runs each over
//! the inputs that the fuzzer kept.
//!
//! Nothing here is random: the same bytes do the same each time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc
)]

mod apdu;
mod cbor;
mod code_line;
mod conversation;
mod ctaphid;
mod hostile;
mod nfc;
mod strict;
mod virtual_device;

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};

use arbitrary::{Arbitrary, Unstructured};

pub use apdu::apdu;
pub use cbor::cbor;
pub use code_line::code_line;
pub use conversation::conversation;
pub use ctaphid::ctaphid;
pub use hostile::hostile;
pub use nfc::nfc;

/// Name of a target and its property.
pub type Target = (&'static str, fn(&[u8]));

/// Every target; `fuzz/fuzz_targets` and `tests/corpus` have one file and one folder of each name.
pub const TARGETS: &[Target] = &[
    ("apdu", apdu),
    ("cbor", cbor),
    ("code_line", code_line),
    ("conversation", conversation),
    ("ctaphid", ctaphid),
    ("hostile", hostile),
    ("nfc", nfc),
];

static SHOWN: AtomicBool = AtomicBool::new(false);

/// From now on typed inputs are printed before they are tried.
pub fn show_inputs() {
    SHOWN.store(true, Ordering::Relaxed);
}

/// The typed input that the fuzzer's bytes stand for; `None` where they are too few.
fn typed<'a, T: Arbitrary<'a> + Debug>(data: &'a [u8]) -> Option<T> {
    let input = T::arbitrary_take_rest(Unstructured::new(data)).ok()?;
    if SHOWN.load(Ordering::Relaxed) {
        println!("{input:#?}");
    }
    Some(input)
}

/// Bytes that differ from their neighbours.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place % 251) as u8).collect()
}
