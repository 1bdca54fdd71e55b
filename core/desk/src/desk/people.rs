//! Operators, users, and what every Administrator is told.

use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;

use super::Desk;
use crate::decide::{announce, lookup, operators, users, who};
use crate::record::DeskEvent;
use crate::{
    Announcement, DeskError, Found, KnownOperator, KnownUser, Operator, OperatorId, OperatorSession, Pending,
    Privilege, User, UserClass, UserId, WantedUser,
};

impl Desk {
    /// Adds an operator, or gives one other roles and privileges; what is more than before rests. `password`: for a new
    /// operator, or a new one for an operator who is there, whose sessions it ends.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; [`ErrorCode::PasswordWeak`];
    /// [`ErrorCode::InvalidArgument`] where they are to vouch as a user and have a role or privilege besides;
    /// [`ErrorCode::UserUnknown`] where there is no such user;
    /// [`ErrorCode::OperatorMissing`] without a password for a new operator; [`ErrorCode::OperatorExists`] where a new one's
    /// name looks like another's; [`ErrorCode::LastAdministrator`] where nobody else administers now; clock; a store's error.
    pub fn put_operator(
        &mut self,
        session: &OperatorSession,
        operator: &Operator,
        password: Option<&str>,
    ) -> Result<(), DeskError> {
        let hash = self.new_password(session, &operator.id, password, Privilege::Administer)?;
        let hash = hash.as_ref().map(|(hash, short)| (hash.as_str(), *short));
        self.step(DeskEvent::OperatorChanged, |step| {
            who::privileged(step, session, Privilege::Administer)?;
            let grants = operators::grants_of(step, operator)?;
            operators::put(step, session, &operator.id, grants, hash)
        })
    }

    /// Gives an operator who is as they were shown other roles and privileges: where somebody has changed them since,
    /// nothing is done. `shown`: as [`Desk::operators`] and [`Desk::pending_operators`] had them.
    ///
    /// # Errors
    /// [`ErrorCode::ApprovalElsewhere`] where they are otherwise by now; as [`Desk::put_operator`].
    pub fn put_operator_shown(
        &mut self,
        session: &OperatorSession,
        operator: &Operator,
        shown: &KnownOperator,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::OperatorChanged, |step| {
            who::privileged(step, session, Privilege::Administer)?;
            if lookup::known_operator(step, session, &operator.id)? != *shown {
                return Err(ErrorCode::ApprovalElsewhere.into());
            }
            let grants = operators::grants_of(step, operator)?;
            operators::put(step, session, &operator.id, grants, None)
        })
    }

    /// Adds an operator; what they may rests.
    ///
    /// # Errors
    /// [`ErrorCode::OperatorExists`] where there is one of that name, or of one that looks like it; as
    /// [`Desk::put_operator`].
    pub fn add_operator(
        &mut self,
        session: &OperatorSession,
        operator: &Operator,
        password: &str,
    ) -> Result<(), DeskError> {
        let hash = self.new_password(session, &operator.id, Some(password), Privilege::Administer)?;
        let hash = hash.ok_or(ErrorCode::WrongState)?;
        self.step(DeskEvent::OperatorChanged, |step| {
            who::privileged(step, session, Privilege::Administer)?;
            let grants = operators::grants_of(step, operator)?;
            operators::put_new(step, session, &operator.id, grants, (&hash.0, hash.1))
        })
    }

    /// Gives an operator another password, which ends their sessions; what they may stays, and what of it rests.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; [`ErrorCode::OperatorMissing`];
    /// [`ErrorCode::PasswordWeak`]; clock; a store's error.
    pub fn give_password(
        &mut self,
        session: &OperatorSession,
        operator: &OperatorId,
        password: &str,
    ) -> Result<(), DeskError> {
        let hash = self.new_password(session, operator, Some(password), Privilege::Administer)?;
        let hash = hash.ok_or(ErrorCode::WrongState)?;
        self.step(DeskEvent::PasswordChanged, |step| {
            operators::give_password(step, session, operator, (&hash.0, hash.1))
        })
    }

    /// Takes an operator away.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; [`ErrorCode::OperatorUnknown`];
    /// [`ErrorCode::LastAdministrator`]; clock; a store's error.
    pub fn remove_operator(
        &mut self,
        session: &OperatorSession,
        operator: &OperatorId,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::OperatorRemoved, |step| {
            operators::remove(step, session, operator)
        })
    }

    /// All operators, by name, with what they may do now.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; clock; a store's error.
    pub fn operators(&mut self, session: &OperatorSession) -> Result<Vec<Operator>, DeskError> {
        self.step(DeskEvent::Searched, |step| lookup::operators(step, session))
    }

    /// The operators' changes that rest, by name: what each may do then.
    ///
    /// # Errors
    /// As [`Desk::operators`].
    pub fn pending_operators(
        &mut self,
        session: &OperatorSession,
    ) -> Result<Vec<Pending<Operator>>, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            lookup::pending_operators(step, session)
        })
    }

    /// What of the session's operator's own rights rests, so that they know from when on they may.
    ///
    /// # Errors
    /// As [`Desk::may`].
    pub fn pending_own(&mut self, session: &OperatorSession) -> Result<Option<Pending<Operator>>, DeskError> {
        self.step(DeskEvent::Searched, |step| lookup::pending_own(step, session))
    }

    /// A user's class that rests.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; [`ErrorCode::UserUnknown`]; clock; a store's
    /// error.
    pub fn pending_class(
        &mut self,
        session: &OperatorSession,
        user: &UserId,
    ) -> Result<Option<Pending<UserClass>>, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            lookup::pending_class(step, session, user)
        })
    }

    /// Users as they are, and what rests of the class of each; `None` where there is none of that id. For who is about to
    /// change them; give some hundreds of ids at a time.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; clock; a store's error.
    pub fn known_users(
        &mut self,
        session: &OperatorSession,
        ids: &[UserId],
    ) -> Result<Vec<Option<KnownUser>>, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            lookup::known_users(step, session, ids)
        })
    }

    /// A second Administrator lets an operator's change that rests hold at once, as it was shown to them
    /// ([`Desk::pending_operators`]): another one that was asked for since is not let hold. `reason`: what made it urgent.
    ///
    /// # Errors
    /// [`ErrorCode::ConfirmationMissing`] where they have not signed in or confirmed that it is they of late
    /// ([`Desk::confirm`]); [`ErrorCode::NothingRests`]; [`ErrorCode::ApprovalSelf`]; [`ErrorCode::ApprovalElsewhere`] where
    /// another change rests; [`ErrorCode::ReasonMissing`]; as [`Desk::put_operator`].
    pub fn approve_operator(
        &mut self,
        session: &OperatorSession,
        shown: &Pending<Operator>,
        reason: &str,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::ChangeApproved, |step| {
            who::privileged(step, session, Privilege::Administer)?;
            let grants = Pending {
                value: operators::grants_of(step, &shown.value)?,
                holds_from: shown.holds_from,
                asked_by: shown.asked_by.clone(),
            };
            operators::settle(step, session, &shown.value.id, &grants, reason)
        })
    }

    /// What every Administrator is told and the session's one has not read yet, oldest first, at most `limit`: changes that
    /// loosen and rest, those that a second Administrator let hold at once, an accepted clock, a backup that was put in
    /// place. A program shows it when they sign in.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; clock; a store's error.
    pub fn announcements(
        &mut self,
        session: &OperatorSession,
        limit: usize,
    ) -> Result<Vec<Announcement>, DeskError> {
        self.step(DeskEvent::Searched, |step| announce::unread(step, session, limit))
    }

    /// Records that the session's Administrator has read the announcements up to number `last`: they are not told of them
    /// again, the others are.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] where there is no such announcement that they have not read; as
    /// [`Desk::announcements`].
    pub fn announcements_read(&mut self, session: &OperatorSession, last: u64) -> Result<(), DeskError> {
        self.step(DeskEvent::AnnouncementsRead, |step| {
            announce::read(step, session, last)
        })
    }

    /// Adds a user or changes one. A lower class rests. A channel that is new or has another kind or address counts as
    /// changed now, whatever its [`changed_at`](crate::Channel::changed_at) says.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; clock; a store's error.
    pub fn put_user(&mut self, session: &OperatorSession, user: &User) -> Result<(), DeskError> {
        self.step(DeskEvent::UserChanged, |step| users::put(step, session, user))
    }

    /// Adds a user or gives one another name. `class`: `None` leaves theirs as it is, and what rests of it; a new user is
    /// then [`UserClass::Ordinary`]. Channels stay.
    ///
    /// # Errors
    /// As [`Desk::put_user`].
    pub fn name_user(
        &mut self,
        session: &OperatorSession,
        user: &UserId,
        name: &str,
        class: Option<UserClass>,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::UserChanged, |step| {
            users::name(step, session, (user, name), class)
        })
    }

    /// Adds or changes users in one transaction, all or none. Give some hundreds at a time: others wait meanwhile.
    ///
    /// # Errors
    /// As [`Desk::put_user`].
    pub fn put_users(&mut self, session: &OperatorSession, users: &[User]) -> Result<(), DeskError> {
        self.step(DeskEvent::UserChanged, |step| {
            users::put_all(step, session, users)
        })
    }

    /// Adds and changes users in one transaction, all or none, where each is still as it was shown: as
    /// [`Desk::known_users`] had them. Gives whether it was done; otherwise one has been changed since, and nothing was.
    /// Give some hundreds at a time: others wait meanwhile. Managers are named when all are there.
    ///
    /// # Errors
    /// As [`Desk::put_user`] and [`Desk::put_managers`].
    pub fn put_users_known(
        &mut self,
        session: &OperatorSession,
        users: &[WantedUser],
    ) -> Result<bool, DeskError> {
        self.step(DeskEvent::UserChanged, |step| {
            users::put_known(step, session, users)
        })
    }

    /// A second Administrator lets a user's lower class hold at once, as it was shown to them ([`Desk::pending_class`]).
    ///
    /// # Errors
    /// As [`Desk::approve_operator`].
    pub fn approve_user(
        &mut self,
        session: &OperatorSession,
        user: &UserId,
        shown: &Pending<UserClass>,
        reason: &str,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::ChangeApproved, |step| {
            users::settle(step, session, user, shown, reason)
        })
    }

    /// Forgets all that is known of a user; the log keeps a number that says nothing.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; [`ErrorCode::UserUnknown`]; clock; a store's
    /// error.
    pub fn erase_user(&mut self, session: &OperatorSession, user: &UserId) -> Result<(), DeskError> {
        self.step(DeskEvent::UserErased, |step| users::erase(step, session, user))
    }

    /// A page of users with their devices, by id. `after`: the last one of the page before.
    ///
    /// # Errors
    /// As [`Desk::search`].
    pub fn users(
        &mut self,
        session: &OperatorSession,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<Found>, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            lookup::users(step, session, after, limit)
        })
    }
}
