//! One-time codes, for who cannot sign in yet, or any more.

use fido_unlock_protocol::error::ErrorCode;

use super::Desk;
use crate::decide::{codes, sign_in};
use crate::new_secret::judge_new_secret;
use crate::record::DeskEvent;
use crate::typed_text::opaque;
use crate::{DeskError, OperatorId, OperatorSession, SignInCode};

impl Desk {
    /// A one-time code for the first Administrator, as long as the set-up has not ended and nobody has a password or a
    /// passkey: `None` after that. A program prints it at its start, on the computer that has the desk's keys. It is good
    /// for a day; a code that was made before is void.
    ///
    /// # Errors
    /// Clock; a store's error.
    pub fn first_code(&mut self) -> Result<Option<(OperatorId, SignInCode)>, DeskError> {
        self.step(DeskEvent::SignInCodeGiven, codes::first)
    }

    /// Gives another operator a one-time code. Their password, their passkeys and their sessions are void at once; every
    /// Administrator is told, and until that has rested the operator approves nothing.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`](crate::Privilege::Administer);
    /// [`ErrorCode::ConfirmationMissing`] more than five minutes after a sign-in; [`ErrorCode::ApprovalSelf`] for the
    /// session's operator; [`ErrorCode::OperatorMissing`]; clock; a store's error.
    pub fn give_code(
        &mut self,
        session: &OperatorSession,
        operator: &OperatorId,
    ) -> Result<SignInCode, DeskError> {
        self.step(DeskEvent::SignInCodeGiven, |step| {
            codes::give(step, session, operator)
        })
    }

    /// The same for an Administrator, without anybody's sign-in: for a program that runs beside the desk's keys, where the
    /// only Administrator cannot sign in. `note`: what had happened; every Administrator reads it.
    ///
    /// # Errors
    /// [`ErrorCode::ReasonMissing`] without a note; [`ErrorCode::OperatorMissing`]; [`ErrorCode::PrivilegeMissing`] where
    /// they do not administer now; clock; a store's error.
    pub fn recover_operator(&mut self, operator: &OperatorId, note: &str) -> Result<SignInCode, DeskError> {
        self.step(DeskEvent::SignInCodeGiven, |step| {
            codes::recover(step, operator, note)
        })
    }

    /// Sets an operator's password by their one-time code, which is used up. A wrong code counts as a wrong password. They
    /// sign in then.
    ///
    /// # Errors
    /// [`ErrorCode::PasswordWeak`]; [`ErrorCode::SignInCodeWrong`], whether the name or the code is wrong, or has run out;
    /// clock; a store's error.
    pub fn redeem_code(
        &mut self,
        operator: &OperatorId,
        code: &SignInCode,
        password: &str,
    ) -> Result<(), DeskError> {
        judge_new_secret(password, &[operator.as_str()])?;
        let (claimed, right) = self.step(DeskEvent::PasswordChanged, |step| {
            let claimed = sign_in::claimed(step, operator)?;
            let right = codes::is_right(step, &claimed, code)?;
            Ok((claimed, right))
        })?;
        if !right {
            self.guessed(claimed.number)?;
            return Err(ErrorCode::SignInCodeWrong.into());
        }
        let hash = self.parts.passwords.hash(&opaque(password))?;
        self.write_guesses_of(claimed.number);
        self.step(DeskEvent::PasswordChanged, |step| {
            codes::redeem(step, &claimed, code, &hash)
        })
    }
}
