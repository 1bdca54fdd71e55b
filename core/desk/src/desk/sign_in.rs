//! Signing in, passwords, sessions, and a clock that was wrong.

use alloc::string::String;
use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use zeroize::Zeroizing;

use super::{Behind, Desk, Guesses};
use crate::decide::{clock, confirmed, operators, sessions, sign_in, who};
use crate::new_secret::{judge_beside_passkey, judge_new_secret};
use crate::record::DeskEvent;
use crate::typed_text::opaque;
use crate::{DeskError, OperatorId, OperatorSession, OwnAccount, PersonNumber, Privilege};

/// So many wrong passwords are written down at once, whatever the window.
const MOST_GUESSES: u32 = 5;

impl Desk {
    /// Signs an operator in who has no passkey. The password's hash is computed between two transactions.
    ///
    /// # Errors
    /// [`ErrorCode::OperatorUnknown`]; [`ErrorCode::PasskeyWanted`] where the password is right and they have a passkey:
    /// [`Desk::begin_sign_in`] asks for it; [`DeskError::SignInLocked`] after too many wrong passwords; clock; a store's
    /// error.
    pub fn sign_in(&mut self, operator: &OperatorId, password: &str) -> Result<OperatorSession, DeskError> {
        let claimed = self.known_by_password(operator, password)?;
        if !claimed.passkeys.is_empty() {
            return Err(ErrorCode::PasskeyWanted.into());
        }
        self.write_guesses_of(claimed.number);
        self.step(DeskEvent::SignedIn, |step| sign_in::finish(step, &claimed, false))
    }

    /// Counts a wrong password, and writes it down when its window is over.
    pub(super) fn guessed(&mut self, number: Option<PersonNumber>) -> Result<(), DeskError> {
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

    pub(super) fn write_guesses_of(&mut self, number: Option<PersonNumber>) {
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

    /// The account of the session's operator: passkeys and sessions.
    ///
    /// # Errors
    /// As [`Desk::may`].
    pub fn own_account(&mut self, session: &OperatorSession) -> Result<OwnAccount, DeskError> {
        self.step(DeskEvent::Searched, |step| sessions::account(step, session))
    }

    /// Ends a session of the session's operator, by its [`LiveSession::id`](crate::LiveSession::id); nothing where it has ended already, or is
    /// somebody else's.
    ///
    /// # Errors
    /// As [`Desk::may`].
    pub fn end_session(&mut self, session: &OperatorSession, id: &[u8; 32]) -> Result<(), DeskError> {
        self.step(DeskEvent::SignedOut, |step| sessions::end(step, session, id))
    }

    /// Ends all sessions of the session's operator but this one; gives how many that were.
    ///
    /// # Errors
    /// As [`Desk::may`].
    pub fn end_other_sessions(&mut self, session: &OperatorSession) -> Result<u32, DeskError> {
        self.step(DeskEvent::SignedOut, |step| sessions::end_others(step, session))
    }

    /// Confirms by the password that the session's operator is still who they are: for five minutes they may then change
    /// what they sign in with, and let hold at once what rests. A wrong password counts as one at a sign-in.
    ///
    /// # Errors
    /// As [`Desk::sign_in`].
    pub fn confirm(&mut self, session: &OperatorSession, password: &str) -> Result<(), DeskError> {
        let event = DeskEvent::SignInConfirmed;
        let claimed = self.step(event, |step| sessions::begin_confirm(step, session))?;
        // As at the sign-in: where there is a passkey the password alone is not enough.
        if !claimed.passkeys.is_empty() {
            return Err(ErrorCode::PasskeyWanted.into());
        }
        let hash = claimed.hash.as_deref();
        if self.parts.passwords.verify(&opaque(password), hash)? {
            self.write_guesses_of(claimed.number);
            return self.step(event, |step| sessions::confirm(step, session, &claimed));
        }
        self.guessed(claimed.number)?;
        Err(ErrorCode::OperatorUnknown.into())
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

    /// The hash of a new password, and whether it is too short to stand alone. Who asks is looked at before the slow work
    /// is done for them.
    pub(super) fn new_password(
        &mut self,
        session: &OperatorSession,
        operator: &OperatorId,
        password: Option<&str>,
        privilege: Privilege,
    ) -> Result<Option<(Zeroizing<String>, bool)>, DeskError> {
        let Some(password) = password else { return Ok(None) };
        let short = self.step(DeskEvent::PasswordChanged, |step| {
            let actor = who::signed_in(step, session)?;
            let guessable = [operator.as_str()];
            if actor.id == *operator {
                confirmed::confirmed(step, session)?;
                if sign_in::has_passkey(step, actor.number)? {
                    return Ok(judge_beside_passkey(password, &guessable)?);
                }
            } else {
                who::privileged(step, session, privilege)?;
            }
            judge_new_secret(password, &guessable)?;
            Ok(false)
        })?;
        Ok(Some((self.parts.passwords.hash(&opaque(password))?, short)))
    }

    /// Gives the session's operator another password, and ends all their sessions. It has at least 15 characters, or 8
    /// where they have a passkey (NIST SP 800-63B-4 section 3.1.1.2).
    ///
    /// # Errors
    /// [`ErrorCode::PasswordWeak`]; [`ErrorCode::ConfirmationMissing`] where they have neither signed in nor
    /// [confirmed](Desk::confirm) of late that it is they; [`ErrorCode::OperatorUnknown`]; clock; a store's error.
    pub fn change_password(&mut self, session: &OperatorSession, password: &str) -> Result<(), DeskError> {
        let operator = session.operator().clone();
        let hash = self.new_password(session, &operator, Some(password), Privilege::Administer)?;
        let (hash, short) = hash.ok_or(ErrorCode::WrongState)?;
        self.step(DeskEvent::PasswordChanged, |step| {
            operators::change_own_password(step, session, &hash, short)
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
