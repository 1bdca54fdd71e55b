//! An audit entry as JSON for people; only the canonical bytes next to it count.

use fido_unlock_desk::audit::AuditEntry;
use serde::Serialize;

use crate::hex;

/// An entry as JSON: byte strings in hex, the Device ID as a code, the event by name.
///
/// Fields, names and order belong to version 1 of the log file: a stored line is compared with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields are those of AuditEntry")]
pub struct AuditView {
    pub sequence: u64,
    pub at: u64,
    pub event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_operator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vouched: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suite: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counter: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<u64>,
}

/// The view of an entry.
#[must_use]
pub fn view(entry: &AuditEntry) -> AuditView {
    let hex32 = |hash: &Option<[u8; 32]>| hash.as_ref().map(|hash| hex::encode(hash));
    AuditView {
        sequence: entry.sequence,
        at: entry.at.0,
        event: entry.event.name(),
        operator: entry.operator.as_ref().map(ToString::to_string),
        second_operator: entry.second_operator.as_ref().map(ToString::to_string),
        user: entry.user.as_ref().map(ToString::to_string),
        device_id: entry.device.map(|device| device.to_code()),
        request: entry.request.and_then(|request| request.number()),
        error: entry.error,
        challenge: entry.challenge.as_deref().map(hex::encode),
        code_sha256: hex32(&entry.code_sha256),
        method: entry.method,
        vouched: entry.vouched,
        evidence: hex32(&entry.evidence),
        issuer: hex32(&entry.issuer),
        suite: entry.suite,
        slot: entry.slot,
        counter: entry.counter,
        detail: entry.detail.clone(),
        alarm: entry.alarm,
    }
}
