//! Signing in, operators, users, devices.

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::error::ErrorCode;
use fido_unlock_protocol::suite::IssuerPublicKey;

use alloc::vec::Vec;

use super::{Behind, Desk, Guesses};
use crate::decide::{announce, clock, lookup, operators, registry, service, set_up, sign_in, users, who};
use crate::log::{NoteSigner, SignedNote, sign_note};
use crate::ports::{IssuerInfo, SignerError};
use crate::record::DeskEvent;
use crate::rows::Grants;
use crate::rules::Rules;
use crate::typed_text::{folded, opaque};
use crate::{
    Announcement, DeskError, DeviceSlot, Found, IssuerList, KeyEvent, LicenceFile, NewDevice, Operator,
    OperatorId, OperatorSession, PersonNumber, Privilege, User, UserId,
};

/// The shortest password that stands alone, in characters (NIST SP 800-63B-4, section 3.1.1.2).
const SHORTEST_PASSWORD: usize = 15;
/// So many wrong passwords are written down at once, whatever the window.
const MOST_GUESSES: u32 = 5;

/// Whether a new password is long enough and not one that is guessed first: the operator's name, the program's, one
/// character over and over, or a row of the keyboard or of the alphabet.
pub(super) fn judge_password(password: &str, operator: &OperatorId) -> Result<(), DeskError> {
    let typed = opaque(password);
    let length = typed.chars().count();
    let plain = folded(&typed);
    let rest = [
        folded(operator.as_str()).as_str(),
        "fido-unlock",
        "fido unlock",
        "password",
        "passwort",
    ]
    .into_iter()
    .fold(plain.clone(), |left, word| left.replace(word, ""));
    let mut different: Vec<char> = rest.chars().collect();
    different.sort_unstable();
    different.dedup();
    let rows = [
        "abcdefghijklmnopqrstuvwxyz",
        "01234567890123456789",
        "qwertyuiopasdfghjklzxcvbnm",
    ];
    let in_a_row = rows.iter().any(|row| row.repeat(2).contains(plain.as_str()));
    if length < SHORTEST_PASSWORD || different.len() < 5 || in_a_row {
        Err(ErrorCode::PasswordWeak.into())
    } else {
        Ok(())
    }
}

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

    /// Ends the set-up: from now on codes are given, and what loosens rests.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; [`ErrorCode::SetUpEnded`]; clock; a store's
    /// error.
    pub fn open_desk(&mut self, session: &OperatorSession) -> Result<(), DeskError> {
        self.step(DeskEvent::SetUpEnded, |step| set_up::open(step, session))
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

    /// Adds an operator, or gives one other roles and privileges; what is more than before rests. `password`: for a new
    /// operator, or a new one for an operator who is there, whose sessions it ends.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; [`ErrorCode::PasswordWeak`];
    /// [`ErrorCode::OperatorUnknown`] without a password for a new operator; [`ErrorCode::LastAdministrator`]; clock; a
    /// store's error.
    pub fn put_operator(
        &mut self,
        session: &OperatorSession,
        operator: &Operator,
        password: Option<&str>,
    ) -> Result<(), DeskError> {
        let hash = self.new_password(session, &operator.id, password, Privilege::Administer)?;
        let grants = Grants::new(&operator.roles, &operator.privileges);
        let hash = hash.as_ref().map(|hash| hash.as_str());
        self.step(DeskEvent::OperatorChanged, |step| {
            operators::put(step, session, &operator.id, grants, hash)
        })
    }

    /// Who asks is looked at before the slow work is done for them.
    fn new_password(
        &mut self,
        session: &OperatorSession,
        operator: &OperatorId,
        password: Option<&str>,
        privilege: Privilege,
    ) -> Result<Option<zeroize::Zeroizing<alloc::string::String>>, DeskError> {
        let Some(password) = password else { return Ok(None) };
        self.step(DeskEvent::PasswordChanged, |step| {
            let actor = who::signed_in(step, session)?;
            if actor.id != *operator {
                who::privileged(step, session, privilege)?;
            }
            judge_password(password, operator)
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

    /// A second Administrator lets an operator's change that rests hold at once. `reason`: what made it urgent.
    ///
    /// # Errors
    /// [`ErrorCode::WrongState`] when nothing rests; [`ErrorCode::ApprovalSelf`]; [`ErrorCode::ReasonMissing`]; as
    /// [`Desk::put_operator`].
    pub fn approve_operator(
        &mut self,
        session: &OperatorSession,
        operator: &OperatorId,
        reason: &str,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::ChangeApproved, |step| {
            operators::settle(step, session, operator, reason)
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

    /// Adds or changes users in one transaction, all or none. Give some hundreds at a time: others wait meanwhile.
    ///
    /// # Errors
    /// As [`Desk::put_user`].
    pub fn put_users(&mut self, session: &OperatorSession, users: &[User]) -> Result<(), DeskError> {
        self.step(DeskEvent::UserChanged, |step| {
            users.iter().try_for_each(|user| users::put(step, session, user))
        })
    }

    /// A second Administrator lets a user's lower class hold at once.
    ///
    /// # Errors
    /// As [`Desk::approve_operator`].
    pub fn approve_user(
        &mut self,
        session: &OperatorSession,
        user: &UserId,
        reason: &str,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::ChangeApproved, |step| {
            users::settle(step, session, user, reason)
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
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Unlock`]; clock; a store's error.
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

    /// Registers an enrolled device.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::ManageDevices`]; licence, also
    /// [`ErrorCode::LicenceDevices`]; [`ErrorCode::UserUnknown`]; [`ErrorCode::DeviceExists`];
    /// [`ErrorCode::KeyMissing`] and [`ErrorCode::KeyRetired`] when its Q is no present key of the desk;
    /// [`ErrorCode::ForeignIssuer`] when another slot has a key that is not the desk's; [`ErrorCode::AdminKeyDefault`];
    /// [`ErrorCode::AdminKeyShared`]; [`ErrorCode::InvalidArgument`] when the fields do not fit the suite; clock; a
    /// store's error.
    pub fn register_device(
        &mut self,
        session: &OperatorSession,
        device: &NewDevice,
    ) -> Result<(), DeskError> {
        if let Some(key) = &device.admin_key {
            self.try_registering(session, device)?;
            // Stored first: a key without a device does no harm, a device without its key could not be unlocked.
            let stored = self.parts.signer.store_admin_key(&device.id, key);
            stored.or_else(|error| self.no_admin_key(session, device, error))?;
        }
        self.step(DeskEvent::DeviceRegistered, |step| {
            registry::register(step, session, device)
        })
    }

    /// Registers enrolled devices in one transaction, in their order; one that is refused keeps no other out, and its
    /// refusal is recorded. Give some hundreds at a time: others wait meanwhile.
    ///
    /// # Errors
    /// Where nothing was registered: clock, a store's error. In the list: as [`Desk::register_device`].
    pub fn register_devices(
        &mut self,
        session: &OperatorSession,
        devices: &[NewDevice],
    ) -> Result<Vec<Result<(), DeskError>>, DeskError> {
        let event = DeskEvent::DeviceRegistered;
        let mut keys = Vec::with_capacity(devices.len());
        for device in devices {
            keys.push(match &device.admin_key {
                Some(key) => self.parts.signer.store_admin_key(&device.id, key),
                None => Ok(()),
            });
        }
        self.step(event, |step| {
            who::privileged(step, session, Privilege::ManageDevices)?;
            let about = step.about.clone();
            let mut done = Vec::with_capacity(devices.len());
            for (device, key) in devices.iter().zip(keys) {
                step.about = about.clone();
                let registered = key
                    .map_err(DeskError::from)
                    .and_then(|()| registry::register(step, session, device));
                if let Err(error) = &registered {
                    step.record_refusal(error);
                }
                done.push(registered);
            }
            step.about = about;
            Ok(done)
        })
    }

    /// Whether [`Desk::register_device`] would register it now; nothing is changed.
    ///
    /// # Errors
    /// As [`Desk::register_device`].
    pub fn may_register(&mut self, session: &OperatorSession, device: &NewDevice) -> Result<(), DeskError> {
        self.try_registering(session, device)?;
        let Some(key) = &device.admin_key else {
            return Ok(());
        };
        let checked = self.parts.signer.check_admin_key(&device.id, key);
        checked.or_else(|error| self.no_admin_key(session, device, error))
    }

    fn try_registering(&mut self, session: &OperatorSession, device: &NewDevice) -> Result<(), DeskError> {
        self.step(DeskEvent::DeviceRegistered, |step| {
            registry::may_register(step, session, device)
        })
    }

    /// Records that the signer does not take a device's admin key.
    fn no_admin_key(
        &mut self,
        session: &OperatorSession,
        device: &NewDevice,
        error: SignerError,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::DeviceRegistered, |step| {
            registry::may_register(step, session, device)?;
            Err(error.into())
        })
    }

    /// Records that a device took a new issuer key in its slot (`rotateIssuer`). From then on only the new key answers
    /// for it.
    ///
    /// # Errors
    /// As [`Desk::register_device`]; [`ErrorCode::DeviceUnknown`]; [`ErrorCode::DeviceRetired`];
    /// [`ErrorCode::InvalidArgument`] in suite 3, which has no rotation, and when `rotation` is not the next number.
    pub fn record_rotation(
        &mut self,
        session: &OperatorSession,
        device: &DeviceId,
        new_issuer: IssuerPublicKey,
        rotation: u32,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::DeviceRotated, |step| {
            registry::rotated(step, session, device, new_issuer, rotation)
        })
    }

    /// Records what a program that saw a device found in its slots.
    ///
    /// # Errors
    /// [`ErrorCode::ForeignIssuer`] when one has a key that is not the desk's, which is recorded; as
    /// [`Desk::retire_device`].
    pub fn slots_seen(
        &mut self,
        session: &OperatorSession,
        device: &DeviceId,
        slots: &[DeviceSlot],
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::SlotsSeen, |step| {
            registry::slots_seen(step, session, device, slots)
        })
    }

    /// Takes a device out of use. It can no longer be unlocked.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::ManageDevices`]; [`ErrorCode::DeviceUnknown`];
    /// [`ErrorCode::DeviceRetired`]; clock; a store's error.
    pub fn retire_device(&mut self, session: &OperatorSession, device: &DeviceId) -> Result<(), DeskError> {
        self.step(DeskEvent::DeviceRetired, |step| {
            registry::retire(step, session, device)
        })
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

    /// Changes the rules: what tightens holds at once, what loosens after its rest.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; clock; a store's error.
    pub fn put_rules(&mut self, session: &OperatorSession, rules: &Rules) -> Result<(), DeskError> {
        self.step(DeskEvent::RulesChanged, |step| {
            service::put_rules(step, session, rules.clone())
        })
    }

    /// A second Administrator lets rules that rest hold at once.
    ///
    /// # Errors
    /// As [`Desk::approve_operator`].
    pub fn approve_rules(&mut self, session: &OperatorSession, reason: &str) -> Result<(), DeskError> {
        self.step(DeskEvent::ChangeApproved, |step| {
            service::settle_rules(step, session, reason)
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

    /// Records that a device's forgotten PIN is about to be blocked on purpose; to be called before it is done.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Unlock`]; clock; a store's error.
    pub fn record_pin_block(
        &mut self,
        session: &OperatorSession,
        device: &DeviceId,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::PinBlocked, |step| {
            service::pin_block(step, session, device)
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
