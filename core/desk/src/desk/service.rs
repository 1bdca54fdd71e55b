//! The desk itself: set-up, licence, service switch, rules, issuers' keys, downloads.

use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;

use super::Desk;
use crate::decide::{lookup, service, set_up, who};
use crate::log::{NoteSigner, SignedNote, sign_note};
use crate::ports::{DeskView, EntryKey, IssuerInfo};
use crate::record::DeskEvent;
use crate::rules::Rules;
use crate::{
    DeskError, IssuerList, KeyEvent, KnownIssuer, LicenceFile, OperatorSession, Pending, Privilege,
    RulesPreview,
};

/// How the desk stands, beside its licence and its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the set-up has ended, so that codes are given.
    pub open: bool,
    /// Whether the service is switched on.
    pub service_on: bool,
    /// Devices in use, as the licence counts them.
    pub devices: u32,
}

/// How far a desk's set-up is: what is harder to have when it has ended, or without which no code is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetUp {
    /// Whether it has ended.
    pub open: bool,
    /// Whether there is a licence that has not run out.
    pub licensed: bool,
    /// How many slots have an issuer's key.
    pub issuers: usize,
    /// How many operators administer.
    pub administrators: usize,
    /// How many may answer callers.
    pub callers: usize,
    /// Devices in use.
    pub devices: u32,
    /// Whether the issuers' keys were backed up since one was made last; `None` where that is too far back in the log to
    /// be looked for.
    pub backed_up: Option<bool>,
}

impl Desk {
    /// How far the set-up is.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; clock; a store's error.
    pub fn set_up(&mut self, session: &OperatorSession) -> Result<SetUp, DeskError> {
        let set_up = self.step(DeskEvent::Searched, |step| {
            let operators = lookup::operators(step, session)?;
            let who_may = |privilege| {
                operators
                    .iter()
                    .filter(|operator| operator.may(privilege))
                    .count()
            };
            let issuers = service::issuers(step)?;
            let licence = who::licence(step)?;
            Ok(SetUp {
                open: who::settings(step)?.open,
                licensed: licence.is_some_and(|licence| step.now() <= licence.valid_until),
                issuers: issuers.iter().filter(|issuer| !issuer.retired).count(),
                administrators: who_may(Privilege::Administer),
                callers: who_may(Privilege::Unlock),
                devices: who::devices(step)?,
                backed_up: None,
            })
        })?;
        let backed_up = self.looking(|txn, state| keys_are_backed_up(txn, state.size))?;
        Ok(SetUp { backed_up, ..set_up })
    }

    /// Ends the set-up: from now on codes are given, and what loosens rests.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; [`ErrorCode::SetUpEnded`]; clock; a store's
    /// error.
    pub fn open_desk(&mut self, session: &OperatorSession) -> Result<(), DeskError> {
        self.step(DeskEvent::SetUpEnded, |step| set_up::open(step, session))
    }

    /// Puts a licence in: the vendor's signed file.
    ///
    /// # Errors
    /// [`ErrorCode::LicenceRefused`] when the vendor has not signed it; [`ErrorCode::PrivilegeMissing`] without
    /// [`Privilege::Administer`]; clock; a store's error.
    pub fn put_licence(&mut self, session: &OperatorSession, file: &str) -> Result<LicenceFile, DeskError> {
        let vendor = core::mem::take(&mut self.parts.vendor);
        let answer = self.step(DeskEvent::LicenceChanged, |step| {
            service::put_licence(step, session, file, &vendor)
        });
        self.parts.vendor = vendor;
        answer
    }

    /// What a licence file says, where the vendor has signed it; nothing is changed.
    ///
    /// # Errors
    /// As [`Desk::put_licence`].
    pub fn read_licence(&mut self, session: &OperatorSession, file: &str) -> Result<LicenceFile, DeskError> {
        let vendor = core::mem::take(&mut self.parts.vendor);
        let answer = self.step(DeskEvent::LicenceChanged, |step| {
            who::privileged(step, session, Privilege::Administer)?;
            Ok(LicenceFile::verify(file, &vendor)?)
        });
        self.parts.vendor = vendor;
        answer
    }

    /// The licence as it stands.
    ///
    /// # Errors
    /// As [`Desk::may`].
    pub fn licence(&mut self, session: &OperatorSession) -> Result<Option<LicenceFile>, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            who::signed_in(step, session)?;
            Ok(who::licence(step)?)
        })
    }

    /// Whether the set-up has ended and the service is on, and how many devices are in use.
    ///
    /// # Errors
    /// As [`Desk::may`].
    pub fn standing(&mut self, session: &OperatorSession) -> Result<Standing, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            who::signed_in(step, session)?;
            let settings = who::settings(step)?;
            Ok(Standing {
                open: settings.open,
                service_on: settings.service_on,
                devices: who::devices(step)?,
            })
        })
    }

    /// Switches the service on or off.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; clock; a store's error.
    pub fn set_service(&mut self, session: &OperatorSession, on: bool) -> Result<(), DeskError> {
        self.step(DeskEvent::ServiceSwitched, |step| {
            service::set_service(step, session, on)
        })
    }

    /// The rules as they hold now.
    ///
    /// # Errors
    /// As [`Desk::may`].
    pub fn rules(&mut self, session: &OperatorSession) -> Result<Rules, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            who::signed_in(step, session)?;
            Ok(who::rules(step)?)
        })
    }

    /// The rules that rest.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; clock; a store's error.
    pub fn pending_rules(&mut self, session: &OperatorSession) -> Result<Option<Pending<Rules>>, DeskError> {
        self.step(DeskEvent::Searched, |step| lookup::pending_rules(step, session))
    }

    /// Changes the rules: what tightens holds at once, what loosens after its rest. Of shorter times for calls and sessions
    /// every Administrator is told too.
    ///
    /// # Errors
    /// [`DeskError::RuleTooShort`] where nobody could end a call or stay signed in; [`ErrorCode::PrivilegeMissing`] without
    /// [`Privilege::Administer`]; clock; a store's error.
    pub fn put_rules(&mut self, session: &OperatorSession, rules: &Rules) -> Result<(), DeskError> {
        self.step(DeskEvent::RulesChanged, |step| {
            service::put_rules(step, session, rules.clone())
        })
    }

    /// What [`Desk::put_rules`] would do now, for whoever is about to: what of it holds at once, and what rests.
    ///
    /// # Errors
    /// As [`Desk::put_rules`].
    pub fn preview_rules(
        &mut self,
        session: &OperatorSession,
        rules: &Rules,
    ) -> Result<RulesPreview, DeskError> {
        self.step(DeskEvent::RulesChanged, |step| {
            service::preview_rules(step, session, rules)
        })
    }

    /// Changes the rules as it was shown ([`Desk::preview_rules`]): where that has become another change, since somebody
    /// changed them meanwhile, nothing is done.
    ///
    /// # Errors
    /// [`ErrorCode::ApprovalElsewhere`] where it would do something else by now; as [`Desk::put_rules`].
    pub fn put_rules_shown(
        &mut self,
        session: &OperatorSession,
        rules: &Rules,
        shown: &RulesPreview,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::RulesChanged, |step| {
            if !service::preview_rules(step, session, rules)?.shows(shown) {
                return Err(ErrorCode::ApprovalElsewhere.into());
            }
            service::put_rules(step, session, rules.clone())
        })
    }

    /// A second Administrator lets rules that rest hold at once, as they were shown to them ([`Desk::pending_rules`]):
    /// others that were asked for since are not let hold.
    ///
    /// # Errors
    /// As [`Desk::approve_operator`].
    pub fn approve_rules(
        &mut self,
        session: &OperatorSession,
        shown: &Pending<Rules>,
        reason: &str,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::ChangeApproved, |step| {
            service::settle_rules(step, session, shown, reason)
        })
    }

    /// Enters an issuer's public key that the signer holds: into an empty slot, or in place of the present one, which is
    /// then retired.
    ///
    /// # Errors
    /// [`ErrorCode::KeyExists`]; [`ErrorCode::SignerSuite`] when the slot's present key is of another suite;
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; clock; a store's error.
    pub fn put_issuer(&mut self, session: &OperatorSession, info: &IssuerInfo) -> Result<(), DeskError> {
        self.step(DeskEvent::IssuerKeyMade, |step| {
            service::put_issuer(step, session, info)
        })
    }

    /// All issuers' public keys, by slot, the present one of a slot before its retired ones, newest first.
    ///
    /// # Errors
    /// As [`Desk::may`].
    pub fn issuers(&mut self, session: &OperatorSession) -> Result<Vec<IssuerInfo>, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            who::signed_in(step, session)?;
            service::issuers(step)
        })
    }

    /// The same with what is known beside each, for whoever keeps them.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; clock; a store's error.
    pub fn known_issuers(&mut self, session: &OperatorSession) -> Result<Vec<KnownIssuer>, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            who::privileged(step, session, Privilege::Administer)?;
            service::known_issuers(step)
        })
    }

    /// The same as a text signed by `signer`, the desk's checkpoint key under the name of its log
    /// ([`Desk::origin`]), for programs that see devices and not the desk.
    ///
    /// # Errors
    /// [`ErrorCode::KeyMissing`] where there is no issuer's key; as [`Desk::issuers`]; [`DeskError::Signer`].
    pub fn signed_issuers(
        &mut self,
        session: &OperatorSession,
        signer: &mut dyn NoteSigner,
    ) -> Result<SignedNote, DeskError> {
        let issuers = self.issuers(session)?;
        // By a list without keys every key would be foreign.
        if issuers.is_empty() {
            return Err(ErrorCode::KeyMissing.into());
        }
        let list = IssuerList {
            issuers,
            origin: self.origin()?,
            at: self.parts.clock.now(),
        };
        Ok(sign_note(list.to_text(), signer)?)
    }

    /// Records what an Administrator does to the issuers' keys beside the desk; to be called before it is done.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; clock; a store's error.
    pub fn record_key_event(&mut self, session: &OperatorSession, event: KeyEvent) -> Result<(), DeskError> {
        self.step(DeskEvent::IssuerKeyMade, |step| {
            service::key_event(step, session, event)
        })
    }

    /// Records that an operator fetched a program for users. `name`: which.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Downloads`]; clock; a store's error.
    pub fn record_download(&mut self, session: &OperatorSession, name: &str) -> Result<(), DeskError> {
        self.step(DeskEvent::DownloadFetched, |step| {
            service::download(step, session, name)
        })
    }
}

/// Whether the log has a backup of the keys behind the last one that was made.
fn keys_are_backed_up(view: &dyn DeskView, size: u64) -> Result<Option<bool>, DeskError> {
    let last = |event: DeskEvent| -> Result<Option<u64>, DeskError> {
        Ok(view
            .entries_with(&EntryKey::Event(event.number()), size, 1)?
            .pop())
    };
    let (made, backed_up) = (
        last(DeskEvent::IssuerKeyMade)?,
        last(DeskEvent::IssuerKeysBackedUp)?,
    );
    Ok(Some(backed_up.is_some() && backed_up > made))
}
