//! A request: what one call is about, from its opening to its end.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use fido_unlock_protocol::suite::Suite;
use fido_unlock_protocol::{Challenge, DeviceId};
use minicbor::{Decode, Encode};

use super::Row;
use crate::ports::{Derived, List, Listed, Table};
use crate::{ManagerAnswer, PersonNumber, UnixTime, VerificationMethod, Vouched};

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum RequestState {
    /// Checks are gathered.
    #[n(0)]
    Open,
    /// A code may be made, and was perhaps.
    #[n(1)]
    Authorised,
    /// A code was made.
    #[n(2)]
    Made,
    /// The device was unlocked, as the operator says.
    #[n(3)]
    Done,
    /// Given up, with a code or before there was one.
    #[n(4)]
    Abandoned,
}

/// A verified caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct CallerPart {
    #[n(0)]
    pub(crate) method: VerificationMethod,
    #[n(1)]
    pub(crate) vouched: Vouched,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) evidence: [u8; 32],
    #[n(3)]
    pub(crate) at: UnixTime,
    /// The account of the manager who vouched here.
    #[n(4)]
    pub(crate) by: Option<PersonNumber>,
}

/// That the user's manager was asked, and what they said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct VouchPart {
    /// The manager: a user.
    #[n(0)]
    pub(crate) manager: PersonNumber,
    #[n(1)]
    pub(crate) asked_at: UnixTime,
    #[n(2)]
    pub(crate) answer: Option<ManagerAnswer>,
}

/// A second operator's approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct ApprovalPart {
    #[n(0)]
    pub(crate) operator: PersonNumber,
    /// What was approved.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) basis: [u8; 32],
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) evidence: Option<[u8; 32]>,
    #[n(3)]
    pub(crate) at: UnixTime,
}

/// What was authorised: what a code is made again from, whatever has changed since.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct AuthorisedPart {
    #[n(0)]
    pub(crate) at: UnixTime,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) issuer: [u8; 32],
    #[n(2)]
    pub(crate) rotation: u32,
    /// The channel that the code goes to; `None` where it is shown.
    #[n(3)]
    pub(crate) channel: Option<String>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct RequestRow {
    #[n(0)]
    pub(crate) state: RequestState,
    #[n(1)]
    pub(crate) operator: PersonNumber,
    #[n(2)]
    pub(crate) user: PersonNumber,
    #[cbor(n(3), with = "minicbor::bytes")]
    pub(crate) device: [u8; 10],
    #[n(4)]
    pub(crate) reason: String,
    #[n(5)]
    pub(crate) opened_at: UnixTime,
    #[n(6)]
    pub(crate) era: u32,
    /// Raised by every change of what an approver is shown.
    #[n(7)]
    pub(crate) revision: u32,
    /// How often another system was asked for an approval: only the last answer counts.
    #[n(8)]
    pub(crate) asks: u32,
    #[n(9)]
    pub(crate) caller: Option<CallerPart>,
    #[n(10)]
    suite: u8,
    #[cbor(n(11), with = "minicbor::bytes")]
    challenge: Option<Vec<u8>>,
    #[n(12)]
    pub(crate) approval: Option<ApprovalPart>,
    /// The channel that the code is to go to; `None`: it is shown.
    #[n(13)]
    pub(crate) channel: Option<String>,
    #[n(14)]
    pub(crate) authorised: Option<AuthorisedPart>,
    #[cbor(n(15), with = "minicbor::bytes")]
    pub(crate) code_sha256: Option<[u8; 32]>,
    #[n(16)]
    pub(crate) vouch: Option<VouchPart>,
    /// The number that the caller calls from.
    #[n(17)]
    pub(crate) caller_number: Option<String>,
    /// The operator who has said that the caller is not the user.
    #[n(18)]
    pub(crate) reported: Option<PersonNumber>,
}

impl RequestRow {
    pub(crate) fn opened(
        operator: PersonNumber,
        user: PersonNumber,
        device: DeviceId,
        suite: Suite,
        reason: &str,
        opened_at: UnixTime,
        era: u32,
    ) -> Self {
        Self {
            state: RequestState::Open,
            operator,
            user,
            device: *device.as_bytes(),
            reason: reason.into(),
            opened_at,
            era,
            revision: 0,
            asks: 0,
            caller: None,
            suite: suite.number(),
            challenge: None,
            approval: None,
            channel: None,
            authorised: None,
            code_sha256: None,
            vouch: None,
            caller_number: None,
            reported: None,
        }
    }

    /// Whether the user's manager or an operator has said that the caller is somebody else.
    pub(crate) fn is_denied(&self) -> bool {
        let answer = self.vouch.and_then(|vouch| vouch.answer);
        self.reported.is_some() || answer == Some(ManagerAnswer::No)
    }

    /// What the manager was shown has changed: what they have vouched for is void.
    pub(crate) fn unvouch(&mut self) {
        if self.caller.is_some_and(|caller| caller.by.is_some()) {
            self.caller = None;
            self.vouch = None;
        }
    }

    /// Whether it was done or given up.
    pub(crate) const fn has_ended(&self) -> bool {
        matches!(self.state, RequestState::Done | RequestState::Abandoned)
    }

    pub(crate) fn device(&self) -> DeviceId {
        DeviceId::from_bytes(self.device)
    }

    pub(crate) fn challenge(&self) -> Option<Challenge> {
        let suite = Suite::from_number(self.suite)?;
        Challenge::from_bytes(suite, self.challenge.as_deref()?).ok()
    }

    pub(crate) fn set_challenge(&mut self, challenge: &Challenge) {
        self.suite = challenge.suite().number();
        self.challenge = Some(challenge.as_bytes().to_vec());
    }

    /// What an approver is shown has changed: what was approved is void.
    pub(crate) fn changed(&mut self) {
        self.revision = self.revision.wrapping_add(1);
        self.approval = None;
    }
}

impl Row for RequestRow {
    const TABLE: Table = Table::Requests;

    fn derived(&self) -> Derived {
        let order = self.opened_at.0.to_be_bytes().to_vec();
        let mut listed = vec![Listed {
            list: List::RequestsOfUser,
            group: self.user.0.to_vec(),
            order: order.clone(),
        }];
        if !self.has_ended() {
            listed.push(Listed {
                list: List::OpenRequests,
                group: Vec::new(),
                order,
            });
        }
        Derived {
            listed,
            texts: Vec::new(),
        }
    }
}
