//! Search, and the request that a call is about.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use fido_unlock_protocol::suite::Suite;
use fido_unlock_protocol::{Challenge, DeviceId};

use super::{HelpDesk, about, by};
use crate::audit::{AuditEntry, AuditEvent};
use crate::typed_text::composed;
use crate::{
    Approval, DeskError, OpenCode, OperatorId, OperatorSession, Privilege, RegisteredDevice, RequestId,
    UnixTime, User, UserId, VerifiedCaller,
};

/// The most users that a search returns.
const SEARCH_LIMIT: usize = 50;

/// A user and their devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The user.
    pub user: User,
    /// Their devices, retired ones too.
    pub devices: Vec<RegisteredDevice>,
}

/// What the operator sees of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestView {
    /// Its id.
    pub id: RequestId,
    /// Who opened it.
    pub operator: OperatorId,
    /// The owner; their name is read back to the caller.
    pub user: User,
    /// The device.
    pub device: DeviceId,
    /// Its suite, which says how a challenge is read.
    pub suite: Suite,
    /// Reason or ticket; empty when none was given yet.
    pub reason: String,
    /// The last second in which it lives.
    pub expires_at: UnixTime,
    /// Whether the caller was verified.
    pub caller_verified: bool,
    /// Whether a challenge passed the checks.
    pub challenge_entered: bool,
    /// Who approved.
    pub approved_by: Option<OperatorId>,
    /// Codes of this device that may still be good.
    pub open_codes: Vec<OpenCode>,
}

pub(super) struct Request {
    pub(super) operator: OperatorId,
    pub(super) user: UserId,
    pub(super) device: DeviceId,
    pub(super) opened_at: UnixTime,
    /// The hash of the entry that gave it its present state: what an approval is for.
    pub(super) basis: [u8; 32],
    pub(super) reason: String,
    pub(super) caller: Option<VerifiedCaller>,
    pub(super) challenge: Option<Challenge>,
    pub(super) approval: Option<Approval>,
    /// How often another system was asked for an approval: only the last answer counts.
    pub(super) asks: u64,
}

impl HelpDesk {
    /// Searches users by id or name, in any case; at most 50.
    ///
    /// # Errors
    /// Licence, clock, [`ErrorCode::PrivilegeMissing`] without [`Privilege::Unlock`], a store's error.
    pub fn search(&mut self, session: &OperatorSession, text: &str) -> Result<Vec<Found>, DeskError> {
        let context = by(AuditEvent::Searched, session.operator()).detail(text);
        let result = self.try_search(session, text, &context);
        self.recorded(context, result)
    }

    fn try_search(
        &mut self,
        session: &OperatorSession,
        text: &str,
        context: &AuditEntry,
    ) -> Result<Vec<Found>, DeskError> {
        self.in_service(session, Privilege::Unlock)?;
        self.append(context.clone())?;
        let users = self.ports.directory.search_users(&composed(text), SEARCH_LIMIT)?;
        users
            .into_iter()
            .map(|user| {
                let devices = self.ports.directory.devices_of(&user.id)?;
                Ok(Found { user, devices })
            })
            .collect()
    }

    /// Finds a device and its owner by Device ID.
    ///
    /// # Errors
    /// As [`HelpDesk::search`]; [`ErrorCode::DeviceUnknown`].
    pub fn find_device(&mut self, session: &OperatorSession, device: &DeviceId) -> Result<Found, DeskError> {
        let context = about(AuditEvent::Searched, session.operator(), None, None, Some(device));
        let result = self.try_find_device(session, device, &context);
        self.recorded(context, result)
    }

    fn try_find_device(
        &mut self,
        session: &OperatorSession,
        device: &DeviceId,
        context: &AuditEntry,
    ) -> Result<Found, DeskError> {
        self.in_service(session, Privilege::Unlock)?;
        self.append(context.clone())?;
        let device = self
            .ports
            .directory
            .device(device)?
            .ok_or(ErrorCode::DeviceUnknown)?;
        let user = self
            .ports
            .directory
            .user(&device.owner)?
            .ok_or(ErrorCode::UserUnknown)?;
        Ok(Found {
            user,
            devices: alloc::vec![device],
        })
    }

    /// Opens a request for a user's device. `reason`: reason or ticket, may be empty and come later
    /// with [`HelpDesk::set_reason`].
    ///
    /// # Errors
    /// As [`HelpDesk::search`]; [`ErrorCode::UserUnknown`], [`ErrorCode::DeviceUnknown`],
    /// [`ErrorCode::DeviceRetired`], [`ErrorCode::DeviceNotUsers`].
    pub fn open_request(
        &mut self,
        session: &OperatorSession,
        user: &UserId,
        device: &DeviceId,
        reason: &str,
    ) -> Result<RequestView, DeskError> {
        let event = AuditEvent::RequestOpened;
        let context = about(event, session.operator(), None, Some(user), Some(device)).detail(reason);
        let result = self.try_open_request(session, &context, user, device, reason);
        self.recorded(context, result)
    }

    fn try_open_request(
        &mut self,
        session: &OperatorSession,
        context: &AuditEntry,
        user: &UserId,
        device: &DeviceId,
        reason: &str,
    ) -> Result<RequestView, DeskError> {
        let now = self.in_service(session, Privilege::Unlock)?;
        self.ports.directory.user(user)?.ok_or(ErrorCode::UserUnknown)?;
        let device = self.device_in_use(user, device)?.id;
        let mut context = context.clone();
        context.request = Some(RequestId::counted(self.chain.count));
        let opened = self.append(context)?;
        let id = RequestId::counted(opened.entry().sequence);
        let lifetime = self.policy.request_seconds;
        // Kept for as long again, so that a late step is told "expired" and not "unknown".
        self.requests
            .retain(|_, request| now.seconds_since(request.opened_at) <= lifetime.saturating_mul(2));
        self.requests.insert(
            id,
            Request {
                operator: session.operator().clone(),
                user: user.clone(),
                device,
                opened_at: now,
                basis: *opened.hash(),
                reason: reason.trim().to_string(),
                caller: None,
                challenge: None,
                approval: None,
                asks: 0,
            },
        );
        self.view(id)
    }

    pub(super) fn device_in_use(
        &self,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<RegisteredDevice, DeskError> {
        let device = self
            .ports
            .directory
            .device(device)?
            .ok_or(ErrorCode::DeviceUnknown)?;
        if device.retired {
            return Err(ErrorCode::DeviceRetired.into());
        }
        if device.owner != *user {
            return Err(ErrorCode::DeviceNotUsers.into());
        }
        Ok(device)
    }

    /// A request as it stands.
    ///
    /// # Errors
    /// [`ErrorCode::RequestUnknown`]; as [`HelpDesk::open_codes`].
    pub fn request(&mut self, session: &OperatorSession, id: RequestId) -> Result<RequestView, DeskError> {
        let context = about(AuditEvent::Searched, session.operator(), Some(id), None, None);
        let result = self
            .privileged(session, Privilege::Unlock)
            .and_then(|_| self.view(id));
        self.recorded(context, result)
    }

    fn view(&self, id: RequestId) -> Result<RequestView, DeskError> {
        let request = self.requests.get(&id).ok_or(ErrorCode::RequestUnknown)?;
        let user = self
            .ports
            .directory
            .user(&request.user)?
            .ok_or(ErrorCode::UserUnknown)?;
        let of_device = |open: &OpenCode| open.device == request.device;
        Ok(RequestView {
            id,
            operator: request.operator.clone(),
            user,
            device: request.device,
            suite: self.device_in_use(&request.user, &request.device)?.keys.suite(),
            reason: request.reason.clone(),
            expires_at: request.opened_at.plus_seconds(self.policy.request_seconds),
            caller_verified: request.caller.is_some(),
            challenge_entered: request.challenge.is_some(),
            approved_by: request
                .approval
                .as_ref()
                .map(|approval| approval.operator.clone()),
            open_codes: self.state.open_codes().filter(of_device).collect(),
        })
    }

    /// Gives a request another reason. This voids an earlier approval.
    ///
    /// # Errors
    /// As [`HelpDesk::verify_caller`].
    pub fn set_reason(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        reason: &str,
    ) -> Result<(), DeskError> {
        let context = self
            .in_request(AuditEvent::ReasonChanged, session, id)
            .detail(reason);
        let result = self.try_set_reason(session, id, reason, &context);
        self.recorded(context, result)
    }

    fn try_set_reason(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        reason: &str,
        context: &AuditEntry,
    ) -> Result<(), DeskError> {
        self.own_request(session, id)?;
        let changed = self.append(context.clone())?;
        let request = self.own_request(session, id)?;
        request.basis = *changed.hash();
        request.reason = reason.trim().to_string();
        request.approval = None;
        Ok(())
    }

    /// An entry about a request, with what is known of it.
    pub(super) fn in_request(
        &self,
        event: AuditEvent,
        session: &OperatorSession,
        id: RequestId,
    ) -> AuditEntry {
        let request = self.requests.get(&id);
        let (user, device) = (request.map(|r| &r.user), request.map(|r| &r.device));
        about(event, session.operator(), Some(id), user, device)
    }

    /// The request, neither used nor expired. Verification and approval are younger than it, so its
    /// age is the limit for all three.
    pub(super) fn live_request(&mut self, id: RequestId) -> Result<&mut Request, DeskError> {
        let now = self.now()?;
        if self.state.is_used(id) {
            return Err(ErrorCode::RequestUsed.into());
        }
        let lifetime = self.policy.request_seconds;
        let request = self.requests.get_mut(&id).ok_or(ErrorCode::RequestUnknown)?;
        if now.seconds_since(request.opened_at) > lifetime {
            return Err(ErrorCode::RequestExpired.into());
        }
        Ok(request)
    }

    /// The same, and opened by this operator.
    pub(super) fn own_request(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
    ) -> Result<&mut Request, DeskError> {
        let request = self.live_request(id)?;
        if request.operator == *session.operator() {
            Ok(request)
        } else {
            Err(ErrorCode::RequestUnknown.into())
        }
    }
}
