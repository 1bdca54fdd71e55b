//! The help desk: every port joined, every step checked and recorded.

mod approvals;
mod authorise;
mod checks;
mod close;
mod records;
mod registry;
mod request;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

pub use authorise::{Delivery, GivenCode};
pub use records::KeyEvent;
pub use registry::NewDevice;
pub use request::{Found, RequestView};

use super::audit::{AuditEntry, AuditEvent, Chain, Receipt};
use super::state::DeskState;
use super::{
    Alarm, DeskError, DeskPolicy, OpenCode, Operator, OperatorId, OperatorSession, Privilege, RequestId,
};
use super::{UnixTime, UserId};
use crate::ports::{
    AuditLog, Clock, CodeDelivery, Directory, Licence, Limits, Notifier, Operators, ResponseSigner,
    StorageError,
};
use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::error::{ErrorCode, HasCode};
use request::Request;

use crate::typed_text::opaque;

/// Every port of a help desk.
pub struct DeskPorts {
    /// Wall clock.
    pub clock: Box<dyn Clock + Send>,
    /// Licence and service switch.
    pub licence: Box<dyn Licence + Send>,
    /// Operators.
    pub operators: Box<dyn Operators + Send>,
    /// Users and devices.
    pub directory: Box<dyn Directory + Send>,
    /// Limits.
    pub limits: Box<dyn Limits + Send>,
    /// Audit log.
    pub audit_log: Box<dyn AuditLog + Send>,
    /// Issuer keys.
    pub signer: Box<dyn ResponseSigner + Send>,
    /// Notices to owners.
    pub notifier: Box<dyn Notifier + Send>,
    /// Sends codes to channels, where the desk does that.
    pub delivery: Option<Box<dyn CodeDelivery + Send>>,
}

/// The operator's side of fido-unlock (docs/protocol/audit.md for its log).
///
/// Every call names the operator's session; whatever the desk refuses is recorded with the number of
/// its error.
pub struct HelpDesk {
    ports: DeskPorts,
    policy: DeskPolicy,
    chain: Chain,
    state: DeskState,
    requests: BTreeMap<RequestId, Request>,
}

impl HelpDesk {
    /// Opens a desk: reads and verifies the whole audit log and takes open codes, counters and
    /// alarms from it. Requests that were open in another process are gone.
    ///
    /// # Errors
    /// [`DeskError::Storage`] when the log cannot be read, was changed, or cannot be written.
    pub fn open(ports: DeskPorts, policy: DeskPolicy) -> Result<Self, DeskError> {
        let mut chain = Chain::empty(ports.audit_log.log_id());
        let mut state = DeskState::default();
        while let Some(bytes) = ports.audit_log.entry(chain.count)? {
            state.apply(&chain.follow(&bytes)?);
        }
        let mut desk = Self {
            ports,
            policy,
            chain,
            state,
            requests: BTreeMap::new(),
        };
        if desk.chain.count == 0 {
            desk.append(AuditEntry::of(AuditEvent::LogCreated))?;
        }
        if desk.ports.audit_log.recovered() {
            desk.append(AuditEntry::of(AuditEvent::LogRecovered))?;
        }
        Ok(desk)
    }

    /// Signs an operator in.
    ///
    /// # Errors
    /// [`ErrorCode::OperatorUnknown`], [`ErrorCode::ClockWentBack`], or a store's error.
    pub fn sign_in(&mut self, operator: &OperatorId, password: &str) -> Result<OperatorSession, DeskError> {
        let mut context = by(AuditEvent::SignedIn, operator);
        let result = self.try_sign_in(operator, password, &context);
        if self
            .ports
            .operators
            .operator(operator)
            .is_ok_and(|known| known.is_none())
        {
            // An unknown name may be a password typed into the wrong field.
            context.operator = None;
        }
        self.recorded(context, result)
    }

    fn try_sign_in(
        &mut self,
        operator: &OperatorId,
        password: &str,
        context: &AuditEntry,
    ) -> Result<OperatorSession, DeskError> {
        let now = self.now()?;
        let operator = self
            .ports
            .operators
            .authenticate(operator, &opaque(password))?
            .ok_or(ErrorCode::OperatorUnknown)?;
        self.append(context.clone())?;
        Ok(OperatorSession::new(operator.id, now))
    }

    /// Goes on with a clock that is behind the log, after it had been too far ahead. Every open
    /// request is dropped; codes counted by the wrong clock stay counted. `note`: what had happened.
    ///
    /// # Errors
    /// [`ErrorCode::OperatorUnknown`]; [`ErrorCode::PrivilegeMissing`] without
    /// [`Privilege::Administer`]; [`ErrorCode::ReasonMissing`] without a note; a store's error.
    pub fn accept_clock(
        &mut self,
        operator: &OperatorId,
        password: &str,
        note: &str,
    ) -> Result<(), DeskError> {
        let context = by(AuditEvent::ClockAccepted, operator).detail(note);
        let result = self.try_accept_clock(operator, password, note, &context);
        self.recorded(context, result)
    }

    fn try_accept_clock(
        &mut self,
        operator: &OperatorId,
        password: &str,
        note: &str,
        context: &AuditEntry,
    ) -> Result<(), DeskError> {
        let operator = self
            .ports
            .operators
            .authenticate(operator, &opaque(password))?
            .ok_or(ErrorCode::OperatorUnknown)?;
        if !operator.may(Privilege::Administer) {
            return Err(ErrorCode::PrivilegeMissing.into());
        }
        if note.trim().is_empty() {
            return Err(ErrorCode::ReasonMissing.into());
        }
        self.append(context.clone())?;
        self.requests.clear();
        Ok(())
    }

    /// Whether the session's operator has a privilege now.
    ///
    /// # Errors
    /// [`ErrorCode::OperatorUnknown`] when the session has run out or the operator is gone;
    /// [`ErrorCode::ClockWentBack`]; a store's error.
    pub fn may(&mut self, session: &OperatorSession, privilege: Privilege) -> Result<bool, DeskError> {
        Ok(self.signed_in(session)?.1.may(privilege))
    }

    /// Codes that were given out and may still be good: a code once shown does not expire on the
    /// device. `device`: of that device only.
    ///
    /// # Errors
    /// As [`HelpDesk::may`]; [`ErrorCode::PrivilegeMissing`] without [`Privilege::Unlock`].
    pub fn open_codes(
        &mut self,
        session: &OperatorSession,
        device: Option<&DeviceId>,
    ) -> Result<Vec<OpenCode>, DeskError> {
        let context = by(AuditEvent::Searched, session.operator());
        let result = self.privileged(session, Privilege::Unlock).map(|_| {
            let wanted = |open: &OpenCode| device.is_none_or(|device| open.device == *device);
            self.state.open_codes().filter(wanted).collect()
        });
        self.recorded(context, result)
    }

    /// Alarms that nobody has acknowledged.
    ///
    /// # Errors
    /// As [`HelpDesk::open_codes`].
    pub fn alarms(&mut self, session: &OperatorSession) -> Result<Vec<Alarm>, DeskError> {
        let context = by(AuditEvent::Searched, session.operator());
        let result = self
            .privileged(session, Privilege::Unlock)
            .map(|_| self.state.alarms().cloned().collect());
        self.recorded(context, result)
    }

    /// The rules.
    #[must_use]
    pub const fn policy(&self) -> &DeskPolicy {
        &self.policy
    }

    /// Now, never before the latest audit entry: after a step back within the tolerance it stays at that entry.
    fn now(&self) -> Result<UnixTime, DeskError> {
        let now = self.ports.clock.now();
        let latest = self.chain.latest;
        if latest.seconds_since(now) > self.policy.clock_tolerance_seconds {
            return Err(DeskError::ClockWentBack { now, latest });
        }
        Ok(now.max(latest))
    }

    fn signed_in(&self, session: &OperatorSession) -> Result<(UnixTime, Operator), DeskError> {
        let now = self.now()?;
        // A session from the future was begun by a clock that has been set back since.
        if session.since() > now || now.seconds_since(session.since()) > self.policy.session_seconds {
            return Err(ErrorCode::OperatorUnknown.into());
        }
        let operator = self.ports.operators.operator(session.operator())?;
        Ok((now, operator.ok_or(ErrorCode::OperatorUnknown)?))
    }

    fn privileged(&self, session: &OperatorSession, privilege: Privilege) -> Result<UnixTime, DeskError> {
        let (now, operator) = self.signed_in(session)?;
        if operator.may(privilege) {
            Ok(now)
        } else {
            Err(ErrorCode::PrivilegeMissing.into())
        }
    }

    /// The service may be used, by this operator: clock, licence, privilege.
    fn in_service(&self, session: &OperatorSession, privilege: Privilege) -> Result<UnixTime, DeskError> {
        let now = self.now()?;
        self.licensed(now, 0)?;
        self.privileged(session, privilege)
    }

    /// `more`: devices about to be registered.
    fn licensed(&self, now: UnixTime, more: u32) -> Result<(), DeskError> {
        let Some(terms) = self.ports.licence.terms()? else {
            return Err(DeskError::Licence {
                code: ErrorCode::LicenceMissing,
                contact: self.policy.licence_contact.clone(),
            });
        };
        let refuse = |code| {
            Err(DeskError::Licence {
                code,
                contact: terms.contact.clone(),
            })
        };
        if now > terms.valid_until {
            return refuse(ErrorCode::LicenceExpired);
        }
        if !terms.service_on {
            return Err(ErrorCode::ServiceOff.into());
        }
        if self.ports.directory.devices_in_use()?.saturating_add(more) > terms.devices {
            return refuse(ErrorCode::LicenceDevices);
        }
        Ok(())
    }

    /// Writes an entry and takes it into the desk's state.
    fn append(&mut self, entry: AuditEntry) -> Result<Receipt, StorageError> {
        let now = self.ports.clock.now();
        let receipt = self.chain.append(&mut *self.ports.audit_log, entry, now)?;
        self.state.apply(receipt.entry());
        Ok(receipt)
    }

    /// Records a refusal or failure under its own number before it is handed on.
    fn recorded<T>(&mut self, context: AuditEntry, result: Result<T, DeskError>) -> Result<T, DeskError> {
        let error = match result {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let refused = AuditEntry {
            event: AuditEvent::Refused,
            error: Some(error.code().number()),
            ..context
        };
        match self.append(refused) {
            Err(storage) if !matches!(error, DeskError::Storage(_)) => Err(storage.into()),
            _ => Err(error),
        }
    }
}

/// An entry by an operator.
fn by(event: AuditEvent, operator: &OperatorId) -> AuditEntry {
    AuditEntry {
        operator: Some(operator.clone()),
        ..AuditEntry::of(event)
    }
}

/// An entry by an operator about a user's device.
fn about(
    event: AuditEvent,
    operator: &OperatorId,
    request: Option<RequestId>,
    user: Option<&UserId>,
    device: Option<&DeviceId>,
) -> AuditEntry {
    AuditEntry {
        request,
        user: user.cloned(),
        device: device.copied(),
        ..by(event, operator)
    }
}
