//! Signing in, passwords, sessions, and a clock that was wrong.

use alloc::string::String;
use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use zeroize::Zeroizing;

use super::{Behind, Desk, Guesses};
use crate::decide::{clock, operators, sign_in, who};
use crate::new_secret::judge_new_secret;
use crate::record::DeskEvent;
use crate::typed_text::opaque;
use crate::{DeskError, OperatorId, OperatorSession, PersonNumber, Privilege};

/// So many wrong passwords are written down at once, whatever the window.
const MOST_GUESSES: u32 = 5;

impl Desk {
    /// Signs an operator in. The password's hash is computed between two transactions.
    ///
    /// # Errors
    /// [`ErrorCode::OperatorUnknown`]; [`DeskError::SignInLocked`] after too many wrong passwords; clock; a store's
    /// error.
    pub fn sign_in(&mut self, operator: &OperatorId, password: &str) -> Result<OperatorSession, DeskError> {
        let claimed = self.step(DeskEvent::SignedIn, |step| sign_in::begin(step, operator))?;
        let hash = claimed.hash.as_deref();
        if self.parts.passwords.verify(&opaque(password), hash)? {
            self.write_guesses_of(claimed.number);
            return self.step(DeskEvent::SignedIn, |step| sign_in::finish(step, &claimed));
        }
        self.guessed(claimed.number)?;
        Err(ErrorCode::OperatorUnknown.into())
    }

    /// Counts a wrong password, and writes it down when its window is over.
    fn guessed(&mut self, number: Option<PersonNumber>) -> Result<(), DeskError> {
        let now = self.parts.clock.now();
        let window = self.parts.guess_window_seconds;
        let guesses = self
            .guesses
            .entry(number)
            .or_insert(Guesses { count: 0, since: now });
        guesses.count = guesses.count.saturating_add(1);
        if guesses.count >= MOST_GUESSES || now.seconds_since(guesses.since) >= window {
            let count = guesses.count;
            self.guesses.remove(&number);
            self.step(DeskEvent::SignInsRefused, |step| {
                sign_in::refused(step, number, count)
            })?;
        }
        Ok(())
    }

    fn write_guesses_of(&mut self, number: Option<PersonNumber>) {
        if let Some(guesses) = self.guesses.remove(&number) {
            // That they cannot be written down now does not make a right password wrong.
            let _ = self.step(DeskEvent::SignInsRefused, |step| {
                sign_in::refused(step, number, guesses.count)
            });
        }
    }

    pub(super) fn write_guesses(&mut self) {
        while let Some(number) = self.guesses.keys().next().copied() {
            self.write_guesses_of(number);
        }
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`ErrorCode::OperatorUnknown`] when it has ended already; clock; a store's error.
    pub fn sign_out(&mut self, session: &OperatorSession) -> Result<(), DeskError> {
        self.step(DeskEvent::SignedOut, |step| sign_in::sign_out(step, session))
    }

    /// Whether the session's operator has a privilege now.
    ///
    /// # Errors
    /// [`ErrorCode::OperatorUnknown`] when the session has run out or the operator is gone; clock; a store's error.
    pub fn may(&mut self, session: &OperatorSession, privilege: Privilege) -> Result<bool, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            Ok(who::signed_in(step, session)?.grants.may(privilege))
        })
    }

    /// All that the session's operator may do now.
    ///
    /// # Errors
    /// As [`Desk::may`].
    pub fn privileges(&mut self, session: &OperatorSession) -> Result<Vec<Privilege>, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            let grants = who::signed_in(step, session)?.grants;
            let may = |privilege: &Privilege| grants.may(*privilege);
            Ok(Privilege::ALL.iter().copied().filter(may).collect())
        })
    }

    /// Who asks is looked at before the slow work is done for them.
    pub(super) fn new_password(
        &mut self,
        session: &OperatorSession,
        operator: &OperatorId,
        password: Option<&str>,
        privilege: Privilege,
    ) -> Result<Option<Zeroizing<String>>, DeskError> {
        let Some(password) = password else { return Ok(None) };
        self.step(DeskEvent::PasswordChanged, |step| {
            let actor = who::signed_in(step, session)?;
            if actor.id != *operator {
                who::privileged(step, session, privilege)?;
            }
            Ok(judge_new_secret(password, &[operator.as_str()])?)
        })?;
        Ok(Some(self.parts.passwords.hash(&opaque(password))?))
    }

    /// Gives the session's operator another password, and ends all their sessions.
    ///
    /// # Errors
    /// [`ErrorCode::PasswordWeak`]; [`ErrorCode::OperatorUnknown`]; clock; a store's error.
    pub fn change_password(&mut self, session: &OperatorSession, password: &str) -> Result<(), DeskError> {
        let operator = session.operator().clone();
        let hash = self.new_password(session, &operator, Some(password), Privilege::Administer)?;
        let hash = hash.ok_or(ErrorCode::WrongState)?;
        self.step(DeskEvent::PasswordChanged, |step| {
            operators::change_own_password(step, session, &hash)
        })
    }

    /// Goes on with a clock that is behind the log, after it had been too far ahead. Requests, rests and sessions begin
    /// again; codes counted by the wrong clock stay counted. `note`: what had happened. The operator signs in by
    /// `password`, since no session lives by a clock that went back.
    ///
    /// # Errors
    /// [`ErrorCode::OperatorUnknown`]; [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`];
    /// [`ErrorCode::ReasonMissing`] without a note; a store's error.
    pub fn accept_clock(
        &mut self,
        operator: &OperatorId,
        password: &str,
        note: &str,
    ) -> Result<(), DeskError> {
        let event = DeskEvent::ClockAccepted;
        let claimed = self.step_at(event, Behind::Accepted, |step, _| sign_in::begin(step, operator))?;
        let hash = claimed.hash.as_deref();
        if !self.parts.passwords.verify(&opaque(password), hash)? {
            let number = claimed.number;
            self.step_at(event, Behind::Accepted, |step, _| {
                sign_in::refused(step, number, 1)
            })?;
            return Err(ErrorCode::OperatorUnknown.into());
        }
        self.step_at(event, Behind::Accepted, |step, now| {
            clock::accept(step, &claimed, now, note)
        })
    }
}
