//! Signing in, operators, users, the set-up and the rules.

use std::sync::Arc;

use fido_unlock::desk;
use zeroize::Zeroizing;

use super::types::{operator_id, user_id};
use super::{Announcement, DeskFound, DeskRules, DeskUser, HelpDesk, OperatorSession};
use crate::UnlockError;

/// An operator's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum DeskRole {
    /// Every privilege.
    Administrator,
    /// Answers callers, manages devices, fetches the programs that users install.
    DeviceServiceAdministrator,
}

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum DeskPrivilege {
    /// Answer callers: search, requests, Response Codes.
    Unlock,
    /// Fetch the programs that users install.
    Downloads,
    /// Register, rotate and retire devices.
    ManageDevices,
    /// Users and channels, operators, rules, alarms, licence, issuers' keys.
    Administer,
    /// Read the audit log, and sign checkpoints of it.
    Audit,
}

impl From<DeskRole> for desk::Role {
    fn from(role: DeskRole) -> Self {
        match role {
            DeskRole::Administrator => Self::Administrator,
            DeskRole::DeviceServiceAdministrator => Self::DeviceServiceAdministrator,
        }
    }
}

impl From<DeskPrivilege> for desk::Privilege {
    fn from(privilege: DeskPrivilege) -> Self {
        match privilege {
            DeskPrivilege::Unlock => Self::Unlock,
            DeskPrivilege::Downloads => Self::Downloads,
            DeskPrivilege::ManageDevices => Self::ManageDevices,
            DeskPrivilege::Administer => Self::Administer,
            DeskPrivilege::Audit => Self::Audit,
        }
    }
}

/// An operator.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskOperator {
    /// The sign-in name: 1 to 128 bytes, without characters that cannot be seen, no space at either end.
    pub id: String,
    /// Roles.
    pub roles: Vec<DeskRole>,
    /// Privileges given one by one.
    pub privileges: Vec<DeskPrivilege>,
}

/// What an operator may do once it has rested.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PendingOperator {
    /// The operator as they will be.
    pub operator: DeskOperator,
    /// From when on: seconds since 1970-01-01 UTC.
    pub holds_from: u64,
    /// Who asked for it, where the name is still known.
    pub asked_by: Option<String>,
}

/// A user's class that rests.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PendingClass {
    /// Whether they will be privileged.
    pub privileged: bool,
    /// From when on: seconds since 1970-01-01 UTC.
    pub holds_from: u64,
    /// Who asked for it, where the name is still known.
    pub asked_by: Option<String>,
}

/// Rules that rest.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PendingRules {
    /// The rules as they will be.
    pub rules: DeskRules,
    /// From when on: seconds since 1970-01-01 UTC.
    pub holds_from: u64,
    /// Who asked for it, where the name is still known.
    pub asked_by: Option<String>,
}

impl DeskOperator {
    fn to_core(&self) -> Result<desk::Operator, UnlockError> {
        Ok(desk::Operator {
            id: operator_id(&self.id)?,
            roles: self.roles.iter().copied().map(Into::into).collect(),
            privileges: self.privileges.iter().copied().map(Into::into).collect(),
            user: None,
        })
    }
}

impl From<&desk::Operator> for DeskOperator {
    fn from(operator: &desk::Operator) -> Self {
        // One that this version of the binding has no name for is left out.
        let role = |role: &desk::Role| match role {
            desk::Role::Administrator => Some(DeskRole::Administrator),
            desk::Role::DeviceServiceAdministrator => Some(DeskRole::DeviceServiceAdministrator),
            _ => None,
        };
        let privilege = |privilege: &desk::Privilege| match privilege {
            desk::Privilege::Unlock => Some(DeskPrivilege::Unlock),
            desk::Privilege::Downloads => Some(DeskPrivilege::Downloads),
            desk::Privilege::ManageDevices => Some(DeskPrivilege::ManageDevices),
            desk::Privilege::Administer => Some(DeskPrivilege::Administer),
            desk::Privilege::Audit => Some(DeskPrivilege::Audit),
            _ => None,
        };
        Self {
            id: operator.id.to_string(),
            roles: operator.roles.iter().filter_map(role).collect(),
            privileges: operator.privileges.iter().filter_map(privilege).collect(),
        }
    }
}

#[uniffi::export]
impl HelpDesk {
    /// Signs an operator in; the password is wiped on this side. Number 438 after too many wrong ones.
    pub fn sign_in(&self, operator: String, password: String) -> Result<Arc<OperatorSession>, UnlockError> {
        let password = Zeroizing::new(password);
        let operator = operator_id(&operator)?;
        let session = self.run(|desk| desk.sign_in(&operator, &password))?;
        Ok(Arc::new(OperatorSession(session)))
    }

    /// What every Administrator is told and the session's one has not read yet, oldest first, at most `limit`.
    /// Show it when they sign in.
    pub fn announcements(
        &self,
        session: Arc<OperatorSession>,
        limit: u32,
    ) -> Result<Vec<Announcement>, UnlockError> {
        let told = self.run(|desk| desk.announcements(&session.0, limit as usize))?;
        Ok(told.into_iter().map(Into::into).collect())
    }

    /// Records that the session's Administrator has read the announcements up to number `last`: they are not
    /// told of them again, the others are.
    pub fn announcements_read(&self, session: Arc<OperatorSession>, last: u64) -> Result<(), UnlockError> {
        self.run(|desk| desk.announcements_read(&session.0, last))
    }

    /// Ends a session.
    pub fn sign_out(&self, session: Arc<OperatorSession>) -> Result<(), UnlockError> {
        self.run(|desk| desk.sign_out(&session.0))
    }

    /// Whether the session's operator has a privilege now.
    pub fn may(&self, session: Arc<OperatorSession>, privilege: DeskPrivilege) -> Result<bool, UnlockError> {
        self.run(|desk| desk.may(&session.0, privilege.into()))
    }

    /// Ends the set-up: from now on codes are given, and what loosens rests.
    pub fn open_desk(&self, session: Arc<OperatorSession>) -> Result<(), UnlockError> {
        self.run(|desk| desk.open_desk(&session.0))
    }

    /// Goes on with a clock that is behind the log, after it had been too far ahead. Requests, rests and
    /// sessions begin again; codes counted by the wrong clock stay counted. `note`: what had happened. The
    /// password is wiped on this side.
    pub fn accept_clock(&self, operator: String, password: String, note: String) -> Result<(), UnlockError> {
        let password = Zeroizing::new(password);
        let operator = operator_id(&operator)?;
        self.run(|desk| desk.accept_clock(&operator, &password, &note))
    }

    /// Adds an operator, or gives one a new password, which ends their sessions, with these roles and
    /// privileges; what is more than before rests. The password is wiped on this side.
    pub fn put_operator(
        &self,
        session: Arc<OperatorSession>,
        operator: DeskOperator,
        password: String,
    ) -> Result<(), UnlockError> {
        let password = Zeroizing::new(password);
        let operator = operator.to_core()?;
        self.run(|desk| desk.put_operator(&session.0, &operator, Some(&password)))
    }

    /// Gives an operator other roles and privileges; what is more than before rests.
    pub fn change_operator(
        &self,
        session: Arc<OperatorSession>,
        operator: DeskOperator,
    ) -> Result<(), UnlockError> {
        let operator = operator.to_core()?;
        self.run(|desk| desk.put_operator(&session.0, &operator, None))
    }

    /// Gives the session's operator another password, which is wiped on this side, and ends all their sessions.
    pub fn change_password(
        &self,
        session: Arc<OperatorSession>,
        password: String,
    ) -> Result<(), UnlockError> {
        let password = Zeroizing::new(password);
        self.run(|desk| desk.change_password(&session.0, &password))
    }

    /// Takes an operator away.
    pub fn remove_operator(
        &self,
        session: Arc<OperatorSession>,
        operator: String,
    ) -> Result<(), UnlockError> {
        let operator = operator_id(&operator)?;
        self.run(|desk| desk.remove_operator(&session.0, &operator))
    }

    /// All operators, by name, with what they may do now.
    pub fn operators(&self, session: Arc<OperatorSession>) -> Result<Vec<DeskOperator>, UnlockError> {
        let operators = self.run(|desk| desk.operators(&session.0))?;
        Ok(operators.iter().map(Into::into).collect())
    }

    /// The operators' changes that rest, by name: what each may do then.
    pub fn pending_operators(
        &self,
        session: Arc<OperatorSession>,
    ) -> Result<Vec<PendingOperator>, UnlockError> {
        let pending = self.run(|desk| desk.pending_operators(&session.0))?;
        Ok(pending
            .into_iter()
            .map(|pending| PendingOperator {
                operator: (&pending.value).into(),
                holds_from: pending.holds_from.0,
                asked_by: pending.asked_by,
            })
            .collect())
    }

    /// Confirms by the password, which is wiped on this side, that the session's operator is still who they are.
    /// What they let hold at once, they let hold within five minutes of this or of the sign-in; number 450
    /// afterwards.
    pub fn confirm(&self, session: Arc<OperatorSession>, password: String) -> Result<(), UnlockError> {
        let password = Zeroizing::new(password);
        self.run(|desk| desk.confirm(&session.0, &password))
    }

    /// A second Administrator lets an operator's change that rests hold at once. `shown`: as
    /// `pending_operators` gave it and they have seen it; another one that was asked for since is refused
    /// (number 434). `reason`: what made it urgent. Number 450 where they have to `confirm` first.
    pub fn approve_operator(
        &self,
        session: Arc<OperatorSession>,
        shown: PendingOperator,
        reason: String,
    ) -> Result<(), UnlockError> {
        let shown = desk::Pending {
            value: shown.operator.to_core()?,
            holds_from: desk::UnixTime(shown.holds_from),
            asked_by: shown.asked_by,
        };
        self.run(|desk| desk.approve_operator(&session.0, &shown, &reason))
    }

    /// Adds a user or changes one. That they are no longer privileged rests.
    pub fn put_user(&self, session: Arc<OperatorSession>, user: DeskUser) -> Result<(), UnlockError> {
        let user = user.into_core()?;
        self.run(|desk| desk.put_user(&session.0, &user))
    }

    /// Whether it rests that a user is no longer privileged, and until when.
    pub fn pending_class(
        &self,
        session: Arc<OperatorSession>,
        user: String,
    ) -> Result<Option<PendingClass>, UnlockError> {
        let user = user_id(&user)?;
        let pending = self.run(|desk| desk.pending_class(&session.0, &user))?;
        Ok(pending.map(|pending| PendingClass {
            privileged: pending.value == desk::UserClass::Privileged,
            holds_from: pending.holds_from.0,
            asked_by: pending.asked_by,
        }))
    }

    /// A second Administrator lets it hold at once that a user is no longer privileged. `shown`: as
    /// `pending_class` gave it and they have seen it.
    pub fn approve_user(
        &self,
        session: Arc<OperatorSession>,
        user: String,
        shown: PendingClass,
        reason: String,
    ) -> Result<(), UnlockError> {
        let user = user_id(&user)?;
        let shown = desk::Pending {
            value: if shown.privileged {
                desk::UserClass::Privileged
            } else {
                desk::UserClass::Ordinary
            },
            holds_from: desk::UnixTime(shown.holds_from),
            asked_by: shown.asked_by,
        };
        self.run(|desk| desk.approve_user(&session.0, &user, &shown, &reason))
    }

    /// Forgets all that is known of a user; the log keeps a number that says nothing.
    pub fn erase_user(&self, session: Arc<OperatorSession>, user: String) -> Result<(), UnlockError> {
        let user = user_id(&user)?;
        self.run(|desk| desk.erase_user(&session.0, &user))
    }

    /// A page of users with their devices, by id. `after`: the last one of the page before.
    pub fn users(
        &self,
        session: Arc<OperatorSession>,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<DeskFound>, UnlockError> {
        let after = after.as_deref().map(user_id).transpose()?;
        let found = self.run(|desk| desk.users(&session.0, after.as_ref(), limit))?;
        Ok(found.iter().map(Into::into).collect())
    }

    /// The rules as they hold now.
    pub fn rules(&self, session: Arc<OperatorSession>) -> Result<DeskRules, UnlockError> {
        Ok(self.run(|desk| desk.rules(&session.0))?.into())
    }

    /// Changes the rules: what tightens holds at once, what loosens after its rest.
    pub fn put_rules(&self, session: Arc<OperatorSession>, rules: DeskRules) -> Result<(), UnlockError> {
        let rules = rules.into();
        self.run(|desk| desk.put_rules(&session.0, &rules))
    }

    /// The rules that rest. Show them to whoever is to let them hold at once.
    pub fn pending_rules(&self, session: Arc<OperatorSession>) -> Result<Option<PendingRules>, UnlockError> {
        let pending = self.run(|desk| desk.pending_rules(&session.0))?;
        Ok(pending.map(|pending| PendingRules {
            rules: pending.value.into(),
            holds_from: pending.holds_from.0,
            asked_by: pending.asked_by,
        }))
    }

    /// A second Administrator lets rules that rest hold at once. `shown`: as `pending_rules` gave them and they
    /// have seen them.
    pub fn approve_rules(
        &self,
        session: Arc<OperatorSession>,
        shown: PendingRules,
        reason: String,
    ) -> Result<(), UnlockError> {
        let shown = desk::Pending {
            value: shown.rules.into(),
            holds_from: desk::UnixTime(shown.holds_from),
            asked_by: shown.asked_by,
        };
        self.run(|desk| desk.approve_rules(&session.0, &shown, &reason))
    }
}
