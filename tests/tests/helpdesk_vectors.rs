//! The audit vectors, made by an implementation of docs/protocol/audit.md that is not ours
//! (tests/tools/make_audit_vectors.py).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use fido_unlock::HasCode;
use fido_unlock::desk::audit::{AuditEntry, CheckpointKey, SignedCheckpoint, verify};
use fido_unlock_mock::desk::{Faults, MemoryAuditLog};
use serde_json::Value;

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

fn hex(bytes: &[u8]) -> Value {
    Value::String(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The entry's fields under the names of the vectors.
fn fields(entry: &AuditEntry) -> Value {
    let mut out = serde_json::json!({
        "version": 1,
        "log_id": hex(&entry.log_id.0),
        "sequence": entry.sequence,
        "previous": hex(&entry.previous),
        "at": entry.at.0,
        "event": entry.event.number(),
    });
    let text = |text: &dyn ToString| Value::String(text.to_string());
    let optional = [
        ("operator", entry.operator.as_ref().map(|id| text(id))),
        ("user", entry.user.as_ref().map(|id| text(id))),
        ("device", entry.device.map(|id| hex(id.as_bytes()))),
        (
            "request",
            entry.request.and_then(|id| id.number()).map(Into::into),
        ),
        ("error", entry.error.map(Into::into)),
        ("challenge", entry.challenge.as_deref().map(hex)),
        ("code_sha256", entry.code_sha256.map(|hash| hex(&hash))),
        ("method", entry.method.map(Into::into)),
        ("vouched", entry.vouched.map(Into::into)),
        ("evidence", entry.evidence.map(|hash| hex(&hash))),
        ("issuer", entry.issuer.map(|hash| hex(&hash))),
        ("suite", entry.suite.map(Into::into)),
        ("slot", entry.slot.map(Into::into)),
        ("counter", entry.counter.map(Into::into)),
        (
            "second_operator",
            entry.second_operator.as_ref().map(|id| text(id)),
        ),
        ("detail", entry.detail.as_ref().map(|detail| text(detail))),
        ("alarm", entry.alarm.map(Into::into)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            out[name] = value;
        }
    }
    out
}

// M-audit-1
#[test]
fn audit() {
    let schema: Value = serde_json::from_str(include_str!("../vectors/schema/audit.schema.json")).unwrap();
    let vectors: Value = serde_json::from_str(include_str!("../vectors/audit.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    if let Err(error) = validator.validate(&vectors) {
        panic!("{error} at {}", error.instance_path());
    }
    let mut seen = [0, 0];
    for case in vectors["cases"].as_array().unwrap() {
        let error = case["error"]
            .as_u64()
            .map(|number| u16::try_from(number).unwrap());
        if case["kind"] == "entry" {
            seen[0] += 1;
            let bytes = unhex(&case["entry"]);
            match AuditEntry::from_bytes(&bytes) {
                Ok(entry) => {
                    assert_eq!(case["expected"], "valid", "{case}");
                    assert_eq!(fields(&entry), case["fields"], "{case}");
                    assert_eq!(hex(&entry.hash()), case["hash"], "{case}");
                    assert_eq!(entry.to_bytes(), bytes, "{case}");
                }
                Err(fault) => assert_eq!(Some(fault.code().number()), error, "{case}"),
            }
            continue;
        }
        seen[1] += 1;
        let log = MemoryAuditLog::new(unhex(&case["log_id"]).try_into().unwrap(), Faults::default());
        let list = |name: &str| {
            case[name]
                .as_array()
                .unwrap()
                .iter()
                .map(unhex)
                .collect::<Vec<_>>()
        };
        log.tamper(|entries| *entries = list("entries"));
        let checkpoints: Vec<_> = list("checkpoints")
            .iter()
            .map(|bytes| SignedCheckpoint::from_bytes(bytes).unwrap())
            .collect();
        let key = CheckpointKey::from_compressed(&unhex(&case["checkpoint_key"])).unwrap();
        let fault = verify(&log, &checkpoints, Some(&key)).err();
        assert_eq!(fault.map(|fault| fault.code().number()), error, "{case}");
    }
    assert!(seen[0] >= 40 && seen[1] >= 20, "{seen:?}");
}
