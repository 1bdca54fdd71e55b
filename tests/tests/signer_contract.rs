//! The contract suite of signers: the software signer keeps it over each of its stores, and the suite finds signers that
//! go wrong as drivers of tokens, and those who write for them, do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "signer_contract/wrong.rs"]
mod wrong;

use fido_unlock::Suite;
use fido_unlock::desk::ports::AdminKeyStore;
use fido_unlock::desk::testing::{self, ContractError, SignerUnderTest};
use fido_unlock::desk::{KeyRing, NoAdminKeys, SoftwareSigner};
use fido_unlock::suite::IssuerKey;
use fido_unlock_files::{FileAdminKeys, WrappingKey};
use fido_unlock_mock::desk::{Faults, MemoryAdminKeys};
use wrong::{AdminKeys, Kind, Wrong};

const SLOTS: [(u8, Suite); 2] = [(1, Suite::P256Ecdsa), (4, Suite::P256EcdhMac)];

fn key(suite: Suite) -> IssuerKey {
    IssuerKey::from_p256_scalar(suite, &[0x11 * suite.number(); 32]).unwrap()
}

/// The software signer with keys of these suites, one of them retired.
fn software(suites: &[Suite], admin_keys: Option<Box<dyn AdminKeyStore + Send>>) -> SignerUnderTest {
    let mut ring = KeyRing::new();
    let mut held = [None, None];
    for ((slot, suite), held) in SLOTS.into_iter().zip(&mut held) {
        if suites.contains(&suite) {
            ring.insert(slot, key(suite)).unwrap();
            *held = Some((slot, key(suite).public().unwrap()));
        }
    }
    if suites.contains(&Suite::P256Ecdsa) {
        let newer = IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0x55; 32]).unwrap();
        ring.rotate(1, newer).unwrap();
    }
    let [p256_ecdsa, p256_ecdh_mac] = held;
    let has_admin_keys = admin_keys.is_some();
    let admin_keys = admin_keys.unwrap_or_else(|| Box::new(NoAdminKeys));
    SignerUnderTest {
        signer: Box::new(SoftwareSigner::new(ring, admin_keys)),
        p256_ecdsa,
        p256_ecdh_mac,
        admin_keys: has_admin_keys,
    }
}

const BOTH: &[Suite] = &[Suite::P256Ecdsa, Suite::P256EcdhMac];

#[test]
fn the_software_signer_keeps_the_contract_in_memory() {
    let keys = MemoryAdminKeys::new(Faults::default());
    testing::signer(|| Ok(software(BOTH, Some(Box::new(keys.clone()))))).unwrap();
}

#[test]
fn the_software_signer_keeps_the_contract_with_keys_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin_keys.json");
    let keys = || FileAdminKeys::new(&path, WrappingKey::new([6; 32]));
    testing::signer(|| Ok(software(BOTH, Some(Box::new(keys()))))).unwrap();
}

#[test]
fn a_signer_of_one_suite_keeps_the_contract_and_answers_no_other() {
    for suite in BOTH {
        testing::signer(|| Ok(software(&[*suite], None))).unwrap();
    }
    testing::signer(|| Ok(software(&[], None))).unwrap();
}

fn check(kind: Kind) -> Result<(), ContractError> {
    let admin_keys = AdminKeys::default();
    testing::signer(|| {
        Ok(SignerUnderTest {
            signer: Box::new(Wrong::open(&admin_keys, kind)),
            p256_ecdsa: Some((1, key(Suite::P256Ecdsa).public().unwrap())),
            p256_ecdh_mac: Some((4, key(Suite::P256EcdhMac).public().unwrap())),
            admin_keys: true,
        })
    })
}

#[test]
fn a_plain_signer_keeps_the_contract_with_either_s() {
    check(Kind::Right).unwrap();
    check(Kind::HighS).unwrap();
}

#[test]
fn wrong_signers_are_found() {
    let length = "the length of its suite";
    for (kind, word) in [
        (Kind::OtherKey, "under the key that the task names"),
        (Kind::Swapped, "r stands before s"),
        (Kind::HashedTwice, "hashed once"),
        (Kind::SignsBeginning, "signed, not its beginning"),
        (Kind::OneNonce, "with one nonce"),
        (Kind::Der, length),
        (Kind::OtherSuite, length),
        (Kind::Once, "answered again"),
        (Kind::OtherDevice, "with its own key and the issuer's"),
        (Kind::ShortZ, "zero in front too"),
        (Kind::MacOfDigest, "not over its digest"),
        (Kind::MacOfBeginning, "not over its beginning"),
        (Kind::ShortMac, length),
        (Kind::AnyKey, "does not hold"),
        (Kind::AnySlot, "in its own slot alone"),
        (Kind::AnySuite, "in its own suite alone"),
        (Kind::AnyChallenge, "of another suite is not answered"),
        (Kind::ZeroAdminKey, "without an admin key"),
        (Kind::FailsOtherwise, "refused as a missing key"),
        (Kind::KeepsChecked, "only checked is not kept"),
        (Kind::Forgets, "at the next start"),
        (Kind::OneAdminKey, "the device's own admin key"),
        (Kind::NotShared, "another device has is refused"),
        (Kind::StoresShared, "another device has is refused"),
        (Kind::KeepsRefused, "refused is not kept"),
        (Kind::NotItsOwn, "its own key again"),
        (Kind::KeepsOld, "replaced is nobody's"),
    ] {
        match check(kind) {
            Err(ContractError::Broken(sentence)) => assert!(
                sentence.contains(word),
                "{kind:?}: found by another sentence: {sentence}"
            ),
            other => panic!("{kind:?}: not found: {other:?}"),
        }
    }
}
