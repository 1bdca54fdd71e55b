//! Key files against those that OpenSSL and the age reference implementation wrote (tests/data/keys).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fs;
use std::path::PathBuf;

use fido_unlock_files::key_file::{
    Encoding, KeyFileError, Passphrase, Protection, decode, describe, encode, generate, load, save,
};
use fido_unlock_protocol::ports::{Entropy, EntropyError};
use fido_unlock_protocol::suite::IssuerKey;
use fido_unlock_protocol::{AdminKey, ErrorCode, HasCode, Suite};

const PASSPHRASE: &str = "correct horse battery staple";
/// The private key of openssl-plain.pem, as `openssl pkey -text` prints it.
const SCALAR: [u8; 32] = [
    0x58, 0xfc, 0x78, 0x35, 0xbc, 0x4c, 0x60, 0x2b, 0x20, 0xda, 0xd2, 0x2e, 0x21, 0x4d, 0x1a, 0x1f, 0x76,
    0xdb, 0x5d, 0xf0, 0x92, 0x5d, 0x0c, 0xc4, 0x36, 0xba, 0xfd, 0xfe, 0x25, 0xf3, 0x78, 0xfc,
];

fn fixture(name: &str) -> Vec<u8> {
    let path: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "..",
        "..",
        "tests",
        "data",
        "keys",
        name,
    ]
    .iter()
    .collect();
    fs::read(path).unwrap()
}

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE.into())
}

/// Counts up, so that no two fills are alike.
struct Counting(u8);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}

struct Broken;

impl Entropy for Broken {
    fn fill(&mut self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

fn key(suite: Suite) -> IssuerKey {
    IssuerKey::from_p256_scalar(suite, &SCALAR).unwrap()
}

fn admin() -> IssuerKey {
    IssuerKey::admin_key(AdminKey::new(&(0x50..0x68).collect::<Vec<u8>>()).unwrap())
}

fn refusal(bytes: &[u8], suite: Suite, passphrase: Option<&Passphrase>) -> KeyFileError {
    decode(bytes, suite, passphrase).err().expect("refused")
}

#[test]
fn reads_what_others_wrote() {
    for name in [
        "openssl-plain.pem",
        "openssl-plain.der",
        "openssl-pbkdf2.pem",
        "openssl-pbkdf2.der",
        "openssl-scrypt.pem",
        "openssl-scrypt.der",
        "openssl-aes128-sha512.pem",
        "age-pem.age",
        "age-der-armored.age",
        "age-encrypted-pem-armored.age",
    ] {
        let bytes = fixture(name);
        for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac] {
            let read =
                decode(&bytes, suite, Some(&passphrase())).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(*read.expose_p256_scalar().unwrap(), SCALAR, "{name}");
            assert_eq!(read.suite(), suite);
        }
        assert_eq!(
            refusal(&bytes, Suite::AesAdminKey, Some(&passphrase())),
            KeyFileError::WrongSuite,
            "{name}"
        );
        if !name.contains("plain") {
            assert_eq!(
                refusal(&bytes, Suite::P256Ecdsa, None),
                KeyFileError::PassphraseWanted,
                "{name}"
            );
            let wrong = Passphrase::new("correct horse battery stable".into());
            assert_eq!(
                refusal(&bytes, Suite::P256Ecdsa, Some(&wrong)),
                KeyFileError::Passphrase,
                "{name}"
            );
        }
    }
    let admin = decode(
        &fixture("age-admin-key.age"),
        Suite::AesAdminKey,
        Some(&passphrase()),
    )
    .unwrap();
    assert_eq!(
        admin.expose_admin_key().unwrap().expose_bytes()[..3],
        [0x00, 0x11, 0x22]
    );
    assert_eq!(admin.expose_admin_key().unwrap().expose_bytes().len(), 24);
}

#[test]
fn refuses_what_is_no_key_of_ours() {
    for name in [
        "openssl-refused-des3.pem",
        "openssl-refused-ed25519.pem",
        "openssl-refused-p384.pem",
        "openssl-refused-public.pem",
        "openssl-refused-sec1.pem",
        "openssl-refused-sha1.pem",
    ] {
        let error = refusal(&fixture(name), Suite::P256Ecdsa, Some(&passphrase()));
        assert_eq!(error, KeyFileError::Malformed, "{name}");
        assert_eq!(error.code(), ErrorCode::KeyFile);
    }
    for text in [
        "",
        "\n",
        "-----BEGIN PRIVATE KEY-----",
        "age-encryption.org/v1\n",
        "\u{0}",
        "key: 12",
    ] {
        let error = refusal(text.as_bytes(), Suite::P256Ecdsa, Some(&passphrase()));
        assert_eq!(error, KeyFileError::Malformed, "{text:?}");
    }
    let hex = b"00112233445566778899aabbccddeeff";
    assert_eq!(refusal(hex, Suite::P256Ecdsa, None), KeyFileError::WrongSuite);
    assert_eq!(
        refusal(&hex[1..], Suite::AesAdminKey, None),
        KeyFileError::Malformed
    );
    assert_eq!(
        refusal(&hex[2..], Suite::AesAdminKey, None),
        KeyFileError::Malformed
    );
}

/// Every byte of a file cut off, or changed: an error or the same key, never a panic.
#[test]
fn damaged_files_do_not_panic() {
    for name in ["openssl-plain.der", "openssl-plain.pem"] {
        let bytes = fixture(name);
        for end in 0..bytes.len() - 1 {
            assert!(
                decode(&bytes[..end], Suite::P256Ecdsa, None).is_err(),
                "{name} {end}"
            );
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            if let Ok(key) = decode(&damaged, Suite::P256Ecdsa, None) {
                // The public key beside the scalar binds it; what is left is the PEM's line breaks.
                assert_eq!(*key.expose_p256_scalar().unwrap(), SCALAR, "{name} {at}");
            }
        }
    }
    for name in ["openssl-scrypt.der", "age-pem.age", "age-der-armored.age"] {
        let bytes = fixture(name);
        for at in 0..bytes.len().min(60) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            if let Ok(key) = decode(&damaged, Suite::P256Ecdsa, Some(&passphrase())) {
                assert_eq!(*key.expose_p256_scalar().unwrap(), SCALAR, "{name} {at}");
            }
        }
    }
}

/// N of scrypt in the file set to 0 (at which `pkcs5` panics), 1, no power of two, and 2^28.
// M-suites-12
#[test]
fn a_files_cost_is_bounded_before_the_work() {
    let bytes = fixture("openssl-scrypt.der");
    let n = bytes
        .windows(4)
        .position(|window| window == [0x02, 0x02, 0x40, 0x00])
        .unwrap();
    for value in [[0x00, 0x00], [0x00, 0x01], [0x40, 0x01]] {
        let mut changed = bytes.clone();
        changed[n + 2..n + 4].copy_from_slice(&value);
        let error = refusal(&changed, Suite::P256Ecdsa, Some(&passphrase()));
        assert!(
            matches!(error, KeyFileError::TooCostly | KeyFileError::Malformed),
            "{value:?}: {error:?}"
        );
    }
    // INTEGER 0 and 2^28, by their own lengths; the lengths around them follow.
    for (value, growth) in [
        (&[0x02, 0x01, 0x00][..], -1i16),
        (&[0x02, 0x04, 0x10, 0, 0, 0], 2),
    ] {
        let mut changed = bytes.clone();
        changed.splice(n..n + 4, value.iter().copied());
        let mut at = 0;
        // SEQUENCE lengths that enclose N, outermost first.
        for _ in 0..5 {
            let start = (at..n).find(|&at| changed[at] == 0x30).unwrap();
            let length = if changed[start + 1] & 0x80 == 0 {
                start + 1
            } else {
                start + 2
            };
            let end = length + 1 + usize::from(bytes[length]);
            if end > n {
                changed[length] = u8::try_from(i16::from(changed[length]) + growth).unwrap();
                at = length + 1;
            } else {
                at = end;
            }
            if at >= n {
                break;
            }
        }
        assert_eq!(
            refusal(&changed, Suite::P256Ecdsa, Some(&passphrase())),
            KeyFileError::TooCostly,
            "{value:?}"
        );
    }
}

#[test]
fn every_form_comes_back_as_it_went() {
    let passphrase = passphrase();
    for encoding in [Encoding::Pem, Encoding::Der] {
        for (encrypted, protection) in [
            (false, Protection::Plain),
            (true, Protection::Scrypt(&passphrase)),
            (true, Protection::Pbkdf2(&passphrase)),
            (true, Protection::Age(&passphrase)),
            (true, Protection::AgeArmored(&passphrase)),
        ] {
            let bytes = encode(&key(Suite::P256Ecdsa), encoding, protection, &mut Counting(0)).unwrap();
            let back = decode(&bytes, Suite::P256Ecdsa, encrypted.then_some(&passphrase)).unwrap();
            assert_eq!(*back.expose_p256_scalar().unwrap(), SCALAR);
            assert_eq!(
                bytes.windows(32).any(|window| window == SCALAR),
                !encrypted && encoding == Encoding::Der
            );
            if encrypted {
                assert_eq!(
                    refusal(&bytes, Suite::P256Ecdsa, None),
                    KeyFileError::PassphraseWanted
                );
            }
        }
    }
    for protection in [
        Protection::Plain,
        Protection::Age(&passphrase),
        Protection::AgeArmored(&passphrase),
    ] {
        let bytes = encode(&admin(), Encoding::Pem, protection, &mut Counting(0)).unwrap();
        let back = decode(&bytes, Suite::AesAdminKey, Some(&passphrase)).unwrap();
        assert!(
            back.expose_admin_key()
                .unwrap()
                .ct_eq(admin().expose_admin_key().unwrap())
        );
    }
    let refused =
        |key: &IssuerKey, protection| encode(key, Encoding::Pem, protection, &mut Counting(0)).err();
    assert_eq!(
        refused(&admin(), Protection::Scrypt(&passphrase)),
        Some(KeyFileError::Protection)
    );
    let empty = Passphrase::new(String::new());
    assert_eq!(
        refused(&key(Suite::P256Ecdsa), Protection::Age(&empty)),
        Some(KeyFileError::Protection)
    );
}

// M-suites-11
#[test]
fn a_saved_key_is_loaded_with_its_suite_and_slot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer-1.key");
    let passphrase = passphrase();
    assert_eq!(load(&path, None).err(), Some(KeyFileError::Missing));
    for (suite, slot) in [
        (Suite::P256Ecdsa, 0),
        (Suite::P256EcdhMac, 1),
        (Suite::AesAdminKey, 15),
    ] {
        let path = folder.path().join(format!("issuer-{slot}.key"));
        let key = generate(suite, &mut Counting(slot)).unwrap();
        let protection = Protection::AgeArmored(&passphrase);
        let description = save(&path, &key, slot, Encoding::Pem, protection, &mut Counting(0)).unwrap();
        assert_eq!((description.suite, description.slot), (suite, slot));
        assert_eq!(describe(&path).unwrap(), description);
        let loaded = load(&path, Some(&passphrase)).unwrap();
        assert_eq!(loaded.description, description);
        assert_eq!(loaded.key.public(), key.public());
        assert_eq!(loaded.key.suite(), suite);

        let again = save(&path, &key, slot, Encoding::Pem, protection, &mut Counting(0));
        assert_eq!(again.err(), Some(KeyFileError::Exists));
        #[cfg(unix)]
        for path in [path.clone(), path.with_added_extension("json")] {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    // Key and description, three times; no temporary file is left.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 6);

    let other = save(
        &folder.path().join("16"),
        &key(Suite::P256Ecdsa),
        16,
        Encoding::Pem,
        Protection::Plain,
        &mut Counting(0),
    );
    assert_eq!(other.err(), Some(KeyFileError::Protection));
    assert_eq!(
        generate(Suite::P256Ecdsa, &mut Broken).err(),
        Some(KeyFileError::Entropy)
    );
    assert_eq!(
        generate(Suite::AesAdminKey, &mut Broken).err(),
        Some(KeyFileError::Entropy)
    );
}

// M-suites-10 M-suites-13
#[test]
fn a_description_of_another_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer.pem");
    let json = path.with_added_extension("json");
    save(
        &path,
        &key(Suite::P256EcdhMac),
        1,
        Encoding::Pem,
        Protection::Plain,
        &mut Counting(0),
    )
    .unwrap();
    let good = fs::read_to_string(&json).unwrap();
    assert_eq!(
        good,
        "{\"version\":1,\"suite\":2,\"slot\":1,\"public\":\"03f5bfa8f72b11f34498af76b209c2e7b1ce206c37fccaaf49a7e8c2bb015b208a\"}\n"
    );
    let public = "03f5bfa8f72b11f34498af76b209c2e7b1ce206c37fccaaf49a7e8c2bb015b208a";
    let other = "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
    for (from, to, error) in [
        (public, other, KeyFileError::OtherKey),
        ("03f5", "05f5", KeyFileError::OtherKey),
        ("03f5bf", "03F5BF", KeyFileError::Malformed),
        ("\"version\":1", "\"version\":2", KeyFileError::Version),
        (
            "\"version\":1",
            &format!("\"version\":{}", "9".repeat(400)),
            KeyFileError::Version,
        ),
        ("\"version\":1", "\"version\":\"2\"", KeyFileError::Malformed),
        ("\"suite\":2", "\"suite\":3", KeyFileError::Malformed),
        ("\"suite\":2", "\"suite\":9", KeyFileError::Malformed),
        ("\"slot\":1", "\"slot\":16", KeyFileError::Malformed),
        ("\"slot\":1,", "", KeyFileError::Malformed),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{from}");
        fs::write(&json, changed).unwrap();
        assert_eq!(load(&path, None).err(), Some(error), "{from} -> {to}");
    }
    fs::write(&json, good.replacen('{', r#"{"made_by":"a later version","#, 1)).unwrap();
    assert!(load(&path, None).is_ok());
    fs::write(&json, &good).unwrap();
    fs::write(&path, vec![b'0'; 20_000]).unwrap();
    assert_eq!(load(&path, None).err(), Some(KeyFileError::Malformed));
    fs::remove_file(&json).unwrap();
    assert_eq!(load(&path, None).err(), Some(KeyFileError::Missing));
}

#[test]
fn a_passphrase_is_the_same_from_every_keyboard() {
    let typed = |text: &str| Passphrase::new(text.to_owned());
    let (composed, apart, other) = (typed("caf\u{e9} 1"), typed("cafe\u{301}\u{a0}1"), typed("cafe 1"));
    let key = generate(Suite::P256EcdhMac, &mut Counting(0)).unwrap();
    for (made, opened) in [(&composed, &apart), (&apart, &composed)] {
        for protection in [Protection::Scrypt(made), Protection::AgeArmored(made)] {
            let file = encode(&key, Encoding::Pem, protection, &mut Counting(0)).unwrap();
            let back = decode(&file, Suite::P256EcdhMac, Some(opened)).unwrap();
            assert_eq!(back.public(), key.public());
            assert!(decode(&file, Suite::P256EcdhMac, Some(&other)).is_err());
        }
    }
}

#[test]
fn a_key_file_that_a_shell_of_windows_wrote_is_read() {
    let key = generate(Suite::P256EcdhMac, &mut Counting(0)).unwrap();
    let passphrase = Passphrase::new("p".to_owned());
    for protection in [Protection::Plain, Protection::AgeArmored(&passphrase)] {
        let file = encode(&key, Encoding::Pem, protection, &mut Counting(0)).unwrap();
        let text = format!(
            "\u{feff}{}",
            std::str::from_utf8(&file).unwrap().replace('\n', "\r\n")
        );
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [text.as_bytes(), &utf16] {
            let back = decode(bytes, Suite::P256EcdhMac, Some(&passphrase)).unwrap();
            assert_eq!(back.public(), key.public());
        }
    }
}
