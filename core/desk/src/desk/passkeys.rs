//! Passkeys of operators: signing in with one, confirming, adding and removing.

use alloc::vec::Vec;

use fido_unlock_protocol::error::{ErrorCode, HasCode};

use super::Desk;
use crate::decide::{passkeys, sessions, sign_in};
use crate::passkey::Claimed;
use crate::passkey::{ClaimedPasskey, user_handle};
use crate::ports::{PasskeyAsk, PasskeyError, PasskeyOwner, Passkeys};
use crate::record::DeskEvent;
use crate::typed_text::opaque;
use crate::{AskedPasskey, BegunAssertion, BegunPasskey, DeskError, OperatorId, OperatorSession, SignIn};

/// So long a passkey is waited for, in seconds.
const PATIENCE: u64 = 5 * 60;

/// A passkey that has answered an ask, and the credential as it is kept from now on.
struct Shown {
    passkey: ClaimedPasskey,
    credential: Vec<u8>,
}

impl Desk {
    /// Signs an operator in by their password. Where they have a passkey, it is wanted too.
    ///
    /// # Errors
    /// As [`Desk::sign_in`]; [`ErrorCode::PasskeyWanted`] where this desk takes no passkeys.
    pub fn begin_sign_in(&mut self, operator: &OperatorId, password: &str) -> Result<SignIn, DeskError> {
        let claimed = self.known_by_password(operator, password)?;
        if claimed.passkeys.is_empty() {
            return self.signed_in(&claimed, None).map(SignIn::Done);
        }
        self.ask(claimed, operator).map(SignIn::Passkey)
    }

    /// Begins to sign an operator in by a passkey alone, which verifies its user. Somebody who has none, and a name that is
    /// nobody's, is asked for one in the same way.
    ///
    /// # Errors
    /// [`ErrorCode::PasskeyRefused`] where this desk takes no passkeys; clock; a store's error.
    pub fn begin_passkey_sign_in(&mut self, operator: &OperatorId) -> Result<AskedPasskey, DeskError> {
        let claimed = self.step(DeskEvent::SignedIn, |step| sign_in::claimed(step, operator))?;
        self.ask(claimed, operator)
    }

    /// Signs in whoever's passkey was asked for. `answer`: the JSON of the browser's `PublicKeyCredential`. One that is not
    /// good counts as a wrong password.
    ///
    /// # Errors
    /// [`ErrorCode::PasskeyRefused`], whatever it is that does not fit; clock; a store's error.
    pub fn finish_sign_in(
        &mut self,
        begun: BegunAssertion,
        answer: &str,
    ) -> Result<OperatorSession, DeskError> {
        let (claimed, shown) = self.shown(begun, answer)?;
        self.signed_in(&claimed, Some(shown))
    }

    /// Begins to confirm by a passkey that the session's operator is still who they are.
    ///
    /// # Errors
    /// As [`Desk::begin_passkey_sign_in`]; [`ErrorCode::OperatorUnknown`] when the session has run out.
    pub fn begin_passkey_confirm(&mut self, session: &OperatorSession) -> Result<AskedPasskey, DeskError> {
        let claimed = self.step(DeskEvent::SignInConfirmed, |step| {
            sessions::begin_confirm(step, session)
        })?;
        self.ask(claimed, session.operator())
    }

    /// The same as [`Desk::confirm`], by the passkey that was asked for.
    ///
    /// # Errors
    /// As [`Desk::finish_sign_in`].
    pub fn finish_passkey_confirm(
        &mut self,
        session: &OperatorSession,
        begun: BegunAssertion,
        answer: &str,
    ) -> Result<(), DeskError> {
        let (claimed, shown) = self.shown(begun, answer)?;
        self.step(DeskEvent::SignInConfirmed, |step| {
            passkeys::used(step, &shown.passkey, shown.credential)?;
            sessions::confirm(step, session, &claimed)
        })
    }

    /// Begins to add a passkey to the session's operator's own: what the browser is asked, for
    /// `PublicKeyCredential.parseCreationOptionsFromJSON`.
    ///
    /// # Errors
    /// [`ErrorCode::ConfirmationMissing`]; [`ErrorCode::PasskeyRefused`] where they have ten, or this desk takes none;
    /// as [`Desk::may`].
    pub fn begin_passkey(
        &mut self,
        session: &OperatorSession,
    ) -> Result<(alloc::string::String, BegunPasskey), DeskError> {
        let (operator, known) =
            self.step(DeskEvent::PasskeyAdded, |step| passkeys::begin_add(step, session))?;
        let owner = PasskeyOwner {
            handle: user_handle(operator),
            name: session.operator().as_str(),
        };
        let PasskeyAsk { options, state } = self.passkeys()?.begin_registration(&owner, &known)?;
        let until = self.parts.clock.now().plus_seconds(PATIENCE);
        let begun = BegunPasskey {
            operator,
            state,
            until,
        };
        Ok((options, begun))
    }

    /// Adds the passkey. `name`: by which its operator tells it from their others, at most 60 characters.
    ///
    /// # Errors
    /// [`ErrorCode::PasskeyRefused`]; [`ErrorCode::InvalidArgument`] for a name that is empty, too long or cannot be shown;
    /// as [`Desk::may`].
    pub fn finish_passkey(
        &mut self,
        session: &OperatorSession,
        begun: BegunPasskey,
        name: &str,
        answer: &str,
    ) -> Result<(), DeskError> {
        if self.parts.clock.now() > begun.until {
            return Err(ErrorCode::PasskeyRefused.into());
        }
        let made = self.passkeys()?.finish_registration(&begun.state, answer)?;
        self.step(DeskEvent::PasskeyAdded, |step| {
            passkeys::add(step, session, begun.operator, name, made)
        })
    }

    /// Gives one of the session's operator's passkeys another name.
    ///
    /// # Errors
    /// [`ErrorCode::PasskeyRefused`] where it is none of theirs; [`ErrorCode::InvalidArgument`] for the name; as
    /// [`Desk::may`].
    pub fn name_passkey(
        &mut self,
        session: &OperatorSession,
        id: &[u8; 32],
        name: &str,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::PasskeyNamed, |step| {
            passkeys::name(step, session, id, name)
        })
    }

    /// Removes one of the session's operator's passkeys, and ends their other sessions.
    ///
    /// # Errors
    /// [`ErrorCode::ConfirmationMissing`]; [`ErrorCode::PasskeyRefused`] where it is none of theirs;
    /// [`ErrorCode::PasswordWeak`] where it is the last, and the password is too short to stand alone; as [`Desk::may`].
    pub fn remove_passkey(&mut self, session: &OperatorSession, id: &[u8; 32]) -> Result<(), DeskError> {
        self.step(DeskEvent::PasskeyRemoved, |step| {
            passkeys::remove(step, session, id)
        })
    }

    /// Whose password it is, counted where it is nobody's.
    pub(super) fn known_by_password(
        &mut self,
        operator: &OperatorId,
        password: &str,
    ) -> Result<Claimed, DeskError> {
        let claimed = self.step(DeskEvent::SignedIn, |step| sign_in::begin(step, operator))?;
        if self
            .parts
            .passwords
            .verify(&opaque(password), claimed.hash.as_deref())?
        {
            return Ok(claimed);
        }
        self.guessed(claimed.number)?;
        Err(ErrorCode::OperatorUnknown.into())
    }

    fn signed_in(&mut self, claimed: &Claimed, shown: Option<Shown>) -> Result<OperatorSession, DeskError> {
        self.write_guesses_of(claimed.number);
        self.step(DeskEvent::SignedIn, |step| {
            let by_passkey = shown.is_some();
            if let Some(shown) = shown {
                passkeys::used(step, &shown.passkey, shown.credential)?;
            }
            sign_in::finish(step, claimed, by_passkey)
        })
    }

    fn passkeys(&mut self) -> Result<&mut (dyn Passkeys + Send + 'static), DeskError> {
        let passkeys = self.parts.passkeys.as_deref_mut();
        passkeys.ok_or_else(|| ErrorCode::PasskeyRefused.into())
    }

    fn ask(&mut self, claimed: Claimed, operator: &OperatorId) -> Result<AskedPasskey, DeskError> {
        let mut allowed: Vec<_> = claimed
            .passkeys
            .iter()
            .map(|passkey| passkey.id.clone())
            .collect();
        if allowed.is_empty() {
            allowed = self.parts.seal_key.nobodys_passkeys(operator.as_str());
        }
        let until = self.parts.clock.now().plus_seconds(PATIENCE);
        let PasskeyAsk { options, state } = self.passkeys()?.begin_assertion(&allowed)?;
        let begun = BegunAssertion {
            claimed,
            state,
            until,
        };
        Ok(AskedPasskey { options, begun })
    }

    /// Which passkey has answered; what is no good answer is counted.
    fn shown(&mut self, begun: BegunAssertion, answer: &str) -> Result<(Claimed, Shown), DeskError> {
        let BegunAssertion {
            mut claimed,
            state,
            until,
        } = begun;
        if self.parts.clock.now() > until {
            return Err(ErrorCode::PasskeyRefused.into());
        }
        let judged = self.judge(&mut claimed, &state, answer);
        match judged {
            Ok(shown) => Ok((claimed, shown)),
            Err(error) => {
                if error.code() == ErrorCode::PasskeyRefused {
                    self.guessed(claimed.number)?;
                }
                Err(error)
            }
        }
    }

    fn judge(&mut self, claimed: &mut Claimed, state: &[u8], answer: &str) -> Result<Shown, DeskError> {
        let passkeys = self.passkeys()?;
        let id = passkeys.credential_id(answer).map_err(quietly)?;
        let place = claimed.passkeys.iter().position(|passkey| passkey.id == id);
        let place = place.ok_or(ErrorCode::PasskeyRefused)?;
        let passkey = claimed.passkeys.swap_remove(place);
        let credential = passkeys.finish_assertion(state, &passkey.credential, answer);
        Ok(Shown {
            credential: credential.map_err(quietly)?,
            passkey,
        })
    }
}

/// Why an answer is not good is not told to whoever gave it: it would tell whether the passkey was somebody's.
fn quietly(error: PasskeyError) -> DeskError {
    match error {
        PasskeyError::Refused { .. } => ErrorCode::PasskeyRefused.into(),
        PasskeyError::Failed { .. } => error.into(),
    }
}
