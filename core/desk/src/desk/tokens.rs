//! Access tokens, for programs that act in an operator's name.

#[cfg(doc)]
use fido_unlock_protocol::error::ErrorCode;

use alloc::vec::Vec;

use super::Desk;
use crate::decide::tokens;
use crate::record::DeskEvent;
use crate::{AccessToken, DeskError, OperatorSession, Privilege, Scope};

/// In seconds.
const DAY: u64 = 24 * 60 * 60;

impl Desk {
    /// Makes an access token of the session's operator. It is good from now on, also while a session is not, until it
    /// ends, is revoked, or their password or passkeys change. `name`: as they call it, at most 60 characters; `scopes`: what
    /// it is for, at least one; `days`: how long, 1 to 365. It is given this once alone.
    ///
    /// # Errors
    /// [`ErrorCode::ConfirmationMissing`] where they have neither signed in nor [confirmed](Desk::confirm) of late that
    /// it is they; [`ErrorCode::InvalidArgument`] for another name, scope or time, or where they have 20;
    /// [`ErrorCode::PrivilegeMissing`] by a token; as [`Desk::may`].
    pub fn make_token(
        &mut self,
        session: &OperatorSession,
        name: &str,
        scopes: &[Scope],
        days: u16,
    ) -> Result<AccessToken, DeskError> {
        self.step(DeskEvent::TokenMade, |step| {
            tokens::make(step, session, name, scopes, u64::from(days) * DAY)
        })
    }

    /// The same for a program that its operator has signed in in their browser. `seconds`: how long, up to 24 hours.
    ///
    /// # Errors
    /// As [`Desk::make_token`].
    pub fn make_short_token(
        &mut self,
        session: &OperatorSession,
        name: &str,
        scopes: &[Scope],
        seconds: u32,
    ) -> Result<AccessToken, DeskError> {
        let seconds = u64::from(seconds);
        self.step(DeskEvent::TokenMade, |step| {
            let allowed = Some(seconds).filter(|seconds| *seconds <= DAY);
            tokens::make(step, session, name, scopes, allowed.unwrap_or_default())
        })
    }

    /// Revokes the token by which a program acts: it has no more use for it. `session`: that of the token.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] where the operator is there themselves; as [`Desk::may`].
    pub fn give_token_up(&mut self, session: &OperatorSession) -> Result<(), DeskError> {
        self.step(DeskEvent::TokenRevoked, |step| tokens::give_up(step, session))
    }

    /// Revokes an access token of the session's operator, by its [`KnownToken::id`](crate::KnownToken::id); nothing where
    /// it is gone already, or is somebody else's.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] by a token; as [`Desk::may`].
    pub fn revoke_token(&mut self, session: &OperatorSession, id: &[u8; 32]) -> Result<(), DeskError> {
        self.step(DeskEvent::TokenRevoked, |step| tokens::revoke(step, session, id))
    }

    /// In whose name a program with this token acts, and all that it may; `None` where there is none such, or it is not
    /// good any more. Nothing is written, and nobody is held up. What the operator may is narrowed to what the token is for, and is judged anew by each step, from the
    /// token's own row: one that was revoked does nothing from then on.
    ///
    /// # Errors
    /// A store's error.
    pub fn by_token(
        &mut self,
        token: &AccessToken,
    ) -> Result<Option<(OperatorSession, Vec<Privilege>)>, DeskError> {
        self.glance(|step| tokens::of(step, token))
    }
}
