//! Whichever multiplies, the results are those of `p256`.

use alloc::vec::Vec;

use p256::{PublicKey, SecretKey};
use proptest::prelude::*;

use super::{Coordinate, coordinates, portable_shared_x, portable_verifies, public, shared_x, verifies};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};

/// n − 1 (SP 800-186 §3.2.1.3).
const LARGEST: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x50,
];

fn number(hex: &str) -> Coordinate {
    core::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..][..2], 16).unwrap())
}

fn small(scalar: u8) -> SecretKey {
    let mut bytes = [0; 32];
    bytes[31] = scalar;
    SecretKey::from_slice(&bytes).unwrap()
}

fn check(key: &SecretKey, peer: &SecretKey) {
    let point = peer.public_key();
    assert_eq!(public(key), coordinates(&key.public_key()));
    assert_eq!(*shared_x(key, &point), *portable_shared_x(key, &point));
    assert_eq!(*shared_x(key, &point), *shared_x(peer, &key.public_key()));
}

/// NIST CAVP, KAS_ECC_CDH_PrimitiveTest, P-256, count 0.
#[test]
fn a_published_agreement() {
    let peer: [Coordinate; 2] = [
        number("700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"),
        number("db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac"),
    ];
    let key = SecretKey::from_slice(&number(
        "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
    ))
    .unwrap();
    let own = [
        number("ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230"),
        number("28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141"),
    ];
    let shared = number("46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b");
    let point = PublicKey::from_sec1_bytes(&[&[4], peer.as_flattened()].concat()).unwrap();
    assert_eq!(coordinates(&point), peer);
    assert_eq!(public(&key), own);
    assert_eq!(*shared_x(&key, &point), shared);
    assert_eq!(*portable_shared_x(&key, &point), shared);
}

#[test]
fn the_ends_of_the_range() {
    let edges = [
        small(1),
        small(2),
        small(31),
        small(32),
        SecretKey::from_slice(&LARGEST).unwrap(),
    ];
    for key in &edges {
        for peer in &edges {
            check(key, peer);
        }
    }
}

/// A signature and what is near it: both forms of s, another message and key, a bit changed anywhere.
fn judge(key: &SecretKey, message: &[u8], bit: usize) {
    let (signer, public) = (SigningKey::from(key), key.public_key());
    let signature: Signature = signer.sign(message);
    let s = signature.split_scalars().1;
    let other_form = Signature::from_scalars(signature.split_bytes().0, (-*s).to_bytes()).unwrap();
    for form in [signature, other_form] {
        assert!(verifies(&public, message, &form) && portable_verifies(&public, message, &form));
        assert!(!verifies(&public, &[message, &[0]].concat(), &form));
        assert!(!verifies(&small(7).public_key(), message, &form) || public == small(7).public_key());
    }
    let mut bytes: [u8; 64] = signature.to_bytes().into();
    bytes[bit / 8 % 64] ^= 1 << (bit % 8);
    if let Ok(changed) = Signature::from_slice(&bytes) {
        assert!(!verifies(&public, message, &changed));
        assert!(!portable_verifies(&public, message, &changed));
    }
}

#[test]
fn signatures_are_judged_as_p256_does() {
    for key in [
        small(1),
        small(2),
        small(31),
        SecretKey::from_slice(&LARGEST).unwrap(),
    ] {
        for bit in [0, 255, 256, 511] {
            judge(&key, b"", bit);
            judge(&key, &[0xA5; 300], bit);
        }
    }
}

#[cfg(all(feature = "graviola", target_arch = "x86_64"))]
#[test]
fn this_processor_is_fast_with_the_feature() {
    if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("adx") {
        assert!(super::fast::public(&small(3)).is_some());
        assert!(super::fast::shared_x(&small(3), &small(5).public_key()).is_some());
        assert_eq!(
            super::fast::verifies(&small(3).public_key(), b"", &[1; 64]),
            Some(false)
        );
    }
}

/// In a process of its own, where graviola's switch for its own tests denies an instruction.
#[cfg(all(
    feature = "graviola",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    debug_assertions
))]
#[test]
fn an_unsupported_processor_is_left_to_p256() {
    const SWITCH: &str = "GRAVIOLA_CPU_DISABLE_aes";
    if std::env::var_os(SWITCH).is_some() {
        assert!(super::fast::public(&small(3)).is_none());
        assert!(super::fast::shared_x(&small(3), &small(5).public_key()).is_none());
        assert!(super::fast::verifies(&small(3).public_key(), b"", &[1; 64]).is_none());
        return a_published_agreement();
    }
    let again = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "curve::tests::an_unsupported_processor_is_left_to_p256",
        ])
        .env(SWITCH, "1")
        .output()
        .unwrap();
    let said = alloc::string::String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && said.contains("1 passed"), "{said}");
}

proptest! {
    #[test]
    fn as_p256_does(key: [u8; 32], peer: [u8; 32]) {
        if let (Ok(key), Ok(peer)) = (SecretKey::from_slice(&key), SecretKey::from_slice(&peer)) {
            check(&key, &peer);
        }
    }

    #[test]
    fn signatures_of_any_key(key: [u8; 32], message: Vec<u8>, bit: usize) {
        if let Ok(key) = SecretKey::from_slice(&key) {
            judge(&key, &message, bit);
        }
    }
}
