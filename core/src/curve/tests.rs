//! Whoever multiplies, the results are those of `p256`.

use p256::SecretKey;
use proptest::prelude::*;

use super::{coordinates, fast, portable_shared_x, public, shared_x};

/// n − 1 (SP 800-186 §3.2.1.3).
const LARGEST: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x50,
];

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

#[cfg(all(feature = "graviola", target_arch = "x86_64"))]
#[test]
fn this_processor_is_fast_with_the_feature() {
    if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("adx") {
        assert!(fast::public(&small(3)).is_some());
        assert!(fast::shared_x(&small(3), &small(5).public_key()).is_some());
    }
}

proptest! {
    #[test]
    fn as_p256_does(key: [u8; 32], peer: [u8; 32]) {
        if let (Ok(key), Ok(peer)) = (SecretKey::from_slice(&key), SecretKey::from_slice(&peer)) {
            check(&key, &peer);
        }
    }
}
