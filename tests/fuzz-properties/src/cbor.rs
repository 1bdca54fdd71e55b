//! The CBOR reader, strict and tolerant, and what is read from its trees.

use fido_unlock_host::Session;
use fido_unlock_protocol::ctap2::cbor::{CborError, Value};
use fido_unlock_protocol::ctap2::client_pin::ClientPinResponse;
use fido_unlock_protocol::ctap2::device_unlock::{
    ChallengeRequest, ChallengeResponse, EnrollRequest, EnrollResponse, ProbeChallenge, UnlockInfo,
};
use fido_unlock_protocol::ctap2::get_info::AuthenticatorInfo;
use fido_unlock_protocol::pin_protocol::CoseKey;

use crate::strict::is_canonical;

/// - The strict reader takes what a second judge takes, and nothing else.
/// - What it takes is written as the same bytes; the tolerant reader reads the same from it.
/// - What the tolerant reader takes is no longer when it is written, and canonical then.
/// - A tree has no more values than there are bytes.
/// - What a message type reads is the same after it was written and read again.
pub fn cbor(data: &[u8]) {
    let strict = Value::parse_canonical(data);
    let tolerant = Value::parse(data);
    assert_eq!(strict.is_ok(), is_canonical(data), "{strict:?}");
    if let Ok(value) = &strict {
        assert_eq!(*value.to_bytes(), data);
        assert_eq!(tolerant.as_ref(), Ok(value));
        requests(value);
    }
    if let Ok(value) = &tolerant {
        let (values, depth) = measure(value);
        assert!(values <= data.len() && depth <= 8);
        let bytes = value.to_bytes();
        assert!(bytes.len() <= data.len());
        match Value::parse_canonical(&bytes) {
            Ok(again) => {
                assert!(depth <= 4 && again.to_bytes() == bytes && measure(&again) == (values, depth))
            }
            Err(error) => assert!(depth > 4 && error == CborError::TooDeep, "{error}"),
        }
        lookups(value);
        answers(value);
    }
    if let Ok((value, rest)) = Value::parse_first(data) {
        let read = &data[..data.len() - rest.len()];
        assert_eq!(Value::parse(read), Ok(value));
    } else {
        assert!(tolerant.is_err());
    }
    if let Ok(session) = Session::from_bytes(data) {
        assert_eq!(Session::from_bytes(&session.to_bytes()), Ok(session));
    }
}

/// Values in the tree, and levels of arrays and maps.
fn measure(value: &Value) -> (usize, usize) {
    let all = |values: &mut dyn Iterator<Item = &Value>| {
        values
            .map(measure)
            .fold((1, 0), |(count, deepest), (values, depth)| {
                (count + values, deepest.max(depth))
            })
    };
    match value {
        Value::Array(items) => {
            let (count, depth) = all(&mut items.iter());
            (count, depth + 1)
        }
        Value::Map(entries) => {
            let (count, depth) = all(&mut entries.iter().flat_map(|(key, value)| [key, value]));
            (count, depth + 1)
        }
        _ => (1, 0),
    }
}

/// Each entry is found under its key.
fn lookups(value: &Value) {
    for (key, entry) in value.as_map().unwrap_or_default() {
        if let Some(key) = key.as_i64() {
            assert_eq!(value.get(key), Some(entry));
        } else if let Some(key) = key.as_text() {
            assert_eq!(value.get_text(key), Some(entry));
        }
    }
}

/// What a host reads from answers.
fn answers(value: &Value) {
    if let Ok(info) = UnlockInfo::from_value(value) {
        assert!(info.slots.len() + info.unknown_slots <= measure(value).0);
        let known = UnlockInfo {
            unknown_slots: 0,
            ..info
        };
        assert_eq!(UnlockInfo::from_value(&known.to_value()), Ok(known));
    }
    if let Ok(answer) = ChallengeResponse::from_value(value) {
        assert_eq!(ChallengeResponse::from_value(&answer.to_value()), Ok(answer));
    }
    if let Ok(answer) = EnrollResponse::from_value(value) {
        assert_eq!(EnrollResponse::from_value(&answer.to_value()), Ok(answer));
    }
    if let Ok(answer) = ProbeChallenge::from_value(value) {
        assert_eq!(ProbeChallenge::from_value(&answer.to_value()), Ok(answer));
    }
    if let Ok(key) = CoseKey::from_value(value) {
        assert_eq!(CoseKey::from_value(&key.to_value()), Ok(key));
    }
    let _ = AuthenticatorInfo::from_value(value);
    let _ = ClientPinResponse::from_value(value);
}

/// What a device reads from requests, after the command byte.
fn requests(value: &Value) {
    if let Ok(request) = ChallengeRequest::from_value(value) {
        let message = request.to_message();
        let map = Value::parse_canonical(&message[1..]).unwrap();
        assert_eq!(ChallengeRequest::from_value(&map), Ok(request));
    }
    if let Ok(request) = EnrollRequest::from_value(value) {
        // Nothing stands in it that the MAC would not cover.
        assert_eq!(&request.to_message()[1..], &value.to_bytes()[..]);
    }
}
