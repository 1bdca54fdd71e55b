//! The vectors of docs/protocol/issuers.md, made by an implementation of it that is not ours
//! (tests/tools/make_issuers_vectors.py).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use fido_unlock::ctap2::device_unlock::{SlotInfo, UnlockInfo};
use fido_unlock::host::{Condition, diagnose};
use fido_unlock::note::NoteVerifier;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{HasCode, IssuerInfo, IssuerList, IssuerListError, Suite};
use serde_json::{Value, json};

fn cases(kind: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/issuers.json")).unwrap();
    let all = vectors["cases"].as_array().unwrap().iter();
    let found: Vec<_> = all.filter(|case| case["kind"] == kind).cloned().collect();
    assert!(!found.is_empty(), "{kind}");
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The list of a case, for those who trust its keys.
fn read(case: &Value) -> Result<IssuerList, IssuerListError> {
    let lines = case["keys"].as_array().unwrap().iter();
    let keys: Vec<_> = lines
        .map(|line| NoteVerifier::parse(line.as_str().unwrap()).unwrap())
        .collect();
    IssuerList::verify(case["note"].as_str().unwrap(), &keys)
}

fn shown(info: &IssuerInfo) -> Value {
    json!({
        "slot": info.slot,
        "suite": info.suite.number(),
        "public_key": hex(info.public.as_compressed()),
        "fingerprint": hex(&info.public.fingerprint()),
        "retired": info.retired,
    })
}

#[test]
fn the_vectors_are_as_their_schema_says() {
    let schema: Value = serde_json::from_str(include_str!("../vectors/schema/issuers.schema.json")).unwrap();
    let vectors: Value = serde_json::from_str(include_str!("../vectors/issuers.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    if let Err(error) = validator.validate(&vectors) {
        panic!("{error} at {}", error.instance_path());
    }
    assert!(vectors["cases"].as_array().unwrap().len() >= 78);
}

// M-issuers-1 M-issuers-2
#[test]
fn a_list_is_taken_whole_from_a_trusted_key_or_not_at_all() {
    for case in cases("list") {
        match read(&case) {
            Ok(list) => {
                assert_eq!(case["expected"], "valid", "{case}");
                assert_eq!(list.origin.as_str(), case["origin"], "{case}");
                assert_eq!(list.at.0, case["made_at"], "{case}");
                let issuers: Vec<_> = list.issuers.iter().map(shown).collect();
                assert_eq!(Value::from(issuers), case["issuers"], "{case}");
                let prints: Vec<_> = list.fingerprints().iter().map(|print| hex(print)).collect();
                let wanted = case["issuers"].as_array().unwrap().iter();
                assert!(
                    wanted
                        .map(|issuer| issuer["fingerprint"].as_str().unwrap())
                        .eq(&prints)
                );
                // One list has one text.
                let note = case["note"].as_str().unwrap();
                assert!(note.starts_with(&format!("{}\n", list.to_text())), "{case}");
            }
            Err(error) => {
                assert_eq!(case["expected"], "invalid", "{case}: {error}");
                assert_eq!(error.code().number(), case["error"], "{case}: {error}");
            }
        }
    }
}

fn slot(seen: &Value) -> SlotInfo {
    let byte = |digits: &str, at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    let number = |name: &str| u8::try_from(seen[name].as_u64().unwrap()).unwrap();
    SlotInfo {
        slot: number("slot"),
        suite: Suite::from_number(number("suite")).unwrap(),
        fingerprint: seen["fingerprint"]
            .as_str()
            .map(|digits| core::array::from_fn(|at| byte(digits, 2 * at))),
        rotation: 0,
    }
}

// M-issuers-3
#[test]
fn a_slot_whose_key_is_not_in_the_list_is_foreign() {
    for case in cases("slots") {
        let list = read(&case).unwrap();
        let slots: Vec<_> = case["slots"].as_array().unwrap().iter().map(slot).collect();
        let info = UnlockInfo {
            pin_set: true,
            pin_retries: 0,
            pin_auth_blocked: false,
            uv_retries: None,
            protocols: vec![PinProtocol::Two],
            min_pin_length: 4,
            max_pin_length: 63,
            force_pin_change: false,
            pin_complexity_policy: false,
            max_msg_size: 1200,
            unlock_counter: 0,
            sealed: true,
            slots,
            unknown_slots: 0,
            device_id: None,
            unlock_blocked: false,
            touch: true,
            max_slots: 16,
            spent: None,
        };
        let told = diagnose(&Ok(info.clone()), &list.fingerprints()).unwrap();
        let numbers: Vec<_> = told.foreign_slots.iter().map(|slot| slot.slot).collect();
        assert_eq!(Value::from(numbers), case["foreign"], "{case}");
        let is_foreign = case["foreign"] != json!([]);
        assert_eq!(told.foreign_issuer(), is_foreign);
        assert_eq!(told.condition == Condition::LockedByForeignIssuer, is_foreign);
        assert_ne!(told.can_unlock(), is_foreign);
        // Without a list nothing is foreign.
        assert!(!diagnose(&Ok(info), &[]).unwrap().foreign_issuer());
    }
}
