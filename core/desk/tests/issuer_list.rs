//! The signed list of issuers (docs/protocol/issuers.md): read whole or not at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use fido_unlock_desk::log::{KeyName, NoteError, NoteSigner, SoftwareNoteSigner, sign_note};
use fido_unlock_desk::ports::IssuerInfo;
use fido_unlock_desk::{IssuerList, IssuerListError, UnixTime};
use fido_unlock_protocol::suite::{IssuerKey, Suite};

fn signer() -> SoftwareNoteSigner {
    SoftwareNoteSigner::from_seed(KeyName::new("fido-unlock/00").unwrap(), &[7; 32])
}

fn info(slot: u8, suite: Suite, byte: u8, retired: bool) -> IssuerInfo {
    let key = IssuerKey::from_p256_scalar(suite, &[byte; 32]).unwrap();
    IssuerInfo {
        slot,
        suite,
        public: key.public().unwrap(),
        retired,
    }
}

fn list() -> IssuerList {
    IssuerList {
        origin: KeyName::new("fido-unlock/00").unwrap(),
        at: UnixTime(1_790_000_000),
        issuers: vec![
            info(0, Suite::P256Ecdsa, 1, false),
            info(1, Suite::P256EcdhMac, 2, false),
            info(1, Suite::P256EcdhMac, 3, true),
        ],
    }
}

/// A text, signed whatever it says.
fn read(text: &str) -> Result<IssuerList, IssuerListError> {
    let note = sign_note(text.to_owned(), &mut signer()).unwrap();
    IssuerList::verify(&note.to_text(), &[signer().verifier()])
}

#[test]
fn a_list_comes_back() {
    let note = sign_note(list().to_text(), &mut signer()).unwrap().to_text();
    let lines: Vec<&str> = note.lines().collect();
    assert_eq!(lines[0], "fido-unlock issuers 1");
    assert_eq!(lines[2], "1790000000");
    assert!(
        lines[5].starts_with("1 2 0") && lines[5].ends_with(" retired"),
        "{}",
        lines[5]
    );
    assert_eq!(IssuerList::verify(&note, &[signer().verifier()]), Ok(list()));
}

// M-issuers-1
#[test]
fn a_list_that_nobody_trusted_has_signed_is_refused() {
    let note = sign_note(list().to_text(), &mut signer()).unwrap().to_text();
    let other = SoftwareNoteSigner::from_seed(KeyName::new("fido-unlock/00").unwrap(), &[8; 32]);
    for keys in [&[][..], &[other.verifier()]] {
        let refused = IssuerList::verify(&note, keys);
        assert_eq!(refused, Err(IssuerListError::Note(NoteError::Unsigned)));
    }
    let altered = note.replace(" retired", " present");
    let refused = IssuerList::verify(&altered, &[signer().verifier()]);
    assert_eq!(refused, Err(IssuerListError::Note(NoteError::Signature)));
}

// M-issuers-2
#[test]
fn a_list_is_read_whole_or_not_at_all() {
    let good = list().to_text();
    assert_eq!(read(&good), Ok(list()));
    let line = |line| Err(IssuerListError::Line { line });
    assert_eq!(
        read(&good.replace("issuers 1", "issuers 2")),
        Err(IssuerListError::Version)
    );
    assert_eq!(read(&good.replace("fido-unlock issuers", "issuers")), line(1));
    assert_eq!(read(&good.replace("fido-unlock/00", "a b")), line(2));
    assert_eq!(read(&good.replace("1790000000", "now")), line(3));
    let head: String = good.split_inclusive('\n').take(3).collect();
    assert_eq!(read(&head), line(4));
    for (found, instead, at) in [
        ("\n0 1 ", "\n16 1 ", 4),
        ("\n0 1 ", "\n0 3 ", 4),
        ("\n0 1 ", "\n0 1 00", 4),
        (" present\n1", " gone\n1", 4),
        (" present\n1", " present x\n1", 4),
        (" retired", "", 6),
        (" retired\n", " retired\n\n", 7),
        // Another form of the same.
        ("\n0 1 ", "\n00 1 ", 3),
        ("1790000000", "+1790000000", 3),
        // Two present keys in a slot, a retired one before the present one, a slot before a lower one.
        (" retired", " present", 6),
        (" present\n1", " retired\n0", 5),
        ("\n0 1 ", "\n2 1 ", 5),
    ] {
        let text = good.replacen(found, instead, 1);
        assert_ne!(text, good, "{found}");
        assert_eq!(read(&text), line(at), "{text}");
    }
    let upper: String = good
        .split_inclusive('\n')
        .map(|line| {
            if line.starts_with("0 1 ") {
                line.to_uppercase().replace("PRESENT", "present")
            } else {
                line.to_owned()
            }
        })
        .collect();
    assert_ne!(upper, good);
    assert_eq!(read(&upper), line(3));
}
