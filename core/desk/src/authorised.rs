//! What only core can make: the join of request, caller, approval and challenge that a signer takes,
//! and the seal on the code that comes back.

use alloc::string::String;

use fido_unlock_protocol::suite::{AuthoriseFields, DevicePublicKey, Purpose};
use fido_unlock_protocol::{AesChallenge, Challenge, DeviceId, ResponseCode};

use super::audit::{AuditEvent, Receipt};
use super::{Approval, DeviceKeys, OperatorId, RequestId, UnixTime, UserId, VerifiedCaller};

/// Everything that must be there before a Response Code is made. Only
/// [`HelpDesk::authorise`](super::HelpDesk::authorise) makes it, after all its checks and after the
/// "authorised" record is on disk.
///
/// It can be used once: nothing outside can make or copy it.
///
/// ```compile_fail,E0599
/// use fido_unlock_desk::Authorised;
/// fn again(authorised: &Authorised) -> Authorised { authorised.clone() }
/// ```
#[derive(Debug)]
pub struct Authorised {
    pub(super) request: RequestId,
    pub(super) user: UserId,
    pub(super) device: DeviceId,
    pub(super) operator: OperatorId,
    pub(super) slot: u8,
    pub(super) keys: DeviceKeys,
    pub(super) challenge: Challenge,
    pub(super) caller: VerifiedCaller,
    pub(super) approval: Option<Approval>,
    pub(super) reason: String,
    pub(super) at: UnixTime,
}

impl Authorised {
    /// The request.
    #[must_use]
    pub const fn request(&self) -> RequestId {
        self.request
    }

    /// The owner.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// The device.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// The operator.
    #[must_use]
    pub const fn operator(&self) -> &OperatorId {
        &self.operator
    }

    /// The slot whose key is to be used.
    #[must_use]
    pub const fn slot(&self) -> u8 {
        self.slot
    }

    /// Suite and public keys, from the registry.
    #[must_use]
    pub const fn keys(&self) -> &DeviceKeys {
        &self.keys
    }

    /// The verified caller.
    #[must_use]
    pub const fn caller(&self) -> &VerifiedCaller {
        &self.caller
    }

    /// The second operator's approval, if one was required.
    #[must_use]
    pub const fn approval(&self) -> Option<&Approval> {
        self.approval.as_ref()
    }

    /// Reason or ticket.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> UnixTime {
        self.at
    }

    /// The fields of the response in suites 1 and 2; `None` in suite 3.
    #[must_use]
    pub fn fields(&self) -> Option<AuthoriseFields> {
        let Challenge::Line(challenge) = self.challenge else {
            return None;
        };
        Some(AuthoriseFields {
            purpose: Purpose::Authorise,
            suite: self.keys.suite(),
            device_id: self.device,
            issuer: *self.keys.issuer()?,
            device_key: self.device_key(),
            challenge,
        })
    }

    /// The challenge of suite 3; `None` in the others.
    #[must_use]
    pub const fn aes_challenge(&self) -> Option<&AesChallenge> {
        match &self.challenge {
            Challenge::Aes(challenge) => Some(challenge),
            Challenge::Line(_) => None,
        }
    }

    const fn device_key(&self) -> Option<DevicePublicKey> {
        match self.keys {
            DeviceKeys::P256EcdhMac { device, .. } => Some(device),
            DeviceKeys::P256Ecdsa { .. } | DeviceKeys::AesAdminKey => None,
        }
    }
}

/// A Response Code that nobody has seen. Only the receipt of the audit entry that records it opens
/// it.
///
/// ```compile_fail,E0277
/// fn print(code: &fido_unlock_desk::SealedCode) { println!("{code:?}"); }
/// ```
///
/// ```compile_fail,E0624
/// use fido_unlock_desk::SealedCode;
/// use fido_unlock_desk::audit::Receipt;
/// fn open(code: SealedCode, receipt: &Receipt) { code.open(receipt); }
/// ```
pub struct SealedCode {
    request: RequestId,
    code: ResponseCode,
}

impl SealedCode {
    pub(super) const fn seal(request: RequestId, code: ResponseCode) -> Self {
        Self { request, code }
    }

    /// SHA-256 of the code's bytes.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        self.code.sha256()
    }

    /// Gives the code out when `receipt` is that of the entry that records it.
    pub(super) fn open(self, receipt: &Receipt) -> Option<ResponseCode> {
        let entry = receipt.entry();
        let recorded = entry.event == AuditEvent::CodeMade
            && entry.request == Some(self.request)
            && entry.code_sha256 == Some(self.sha256());
        recorded.then_some(self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{AuditEntry, PendingEntry};
    use fido_unlock_protocol::suite::Suite;

    #[test]
    fn only_the_right_receipt_opens() {
        let sealed = || {
            let code = ResponseCode::from_bytes(Suite::AesAdminKey, &[5; 16])
                .ok()
                .unwrap();
            SealedCode::seal(RequestId::counted(7), code)
        };
        let right = AuditEntry {
            request: Some(RequestId::counted(7)),
            code_sha256: Some(sealed().sha256()),
            ..AuditEntry::of(AuditEvent::CodeMade)
        };
        let opens = |entry: &AuditEntry| {
            sealed()
                .open(&PendingEntry::for_test(entry.clone()).stored())
                .is_some()
        };
        assert!(opens(&right));
        let mut other = right.clone();
        other.event = AuditEvent::Authorised;
        assert!(!opens(&other));
        other = right.clone();
        other.request = Some(RequestId::counted(8));
        assert!(!opens(&other));
        other = right;
        other.code_sha256 = Some([0; 32]);
        assert!(!opens(&other));
    }
}
