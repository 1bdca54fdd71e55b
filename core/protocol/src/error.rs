//! The one table of errors: stable number, name, family, text, and what the person can do next.
//!
//! Bindings, documentation, command line and desk use it; `docs/errors.md` is printed from
//! it. A number never changes its meaning and is never reused. Families have gaps to grow into.

use core::fmt;

/// Whose fault an error is, or where it arose. The hundreds of [`ErrorCode::number`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Family {
    /// 100–199: what the authenticator answered, or the state that it is in.
    Device,
    /// 200–299: a Device ID, Device Challenge or Response Code as typed.
    Code,
    /// 300–399: the new PIN.
    Pin,
    /// 400–499: the help desk's rules: licence, privilege, caller, approval, limit.
    Policy,
    /// 500–599: the connection to the device: USB HID, PC/SC, NFC.
    Transport,
    /// 600–699: the issuer's key and whatever signs with it.
    Signer,
    /// 700–799: registry, limits and audit log on disk.
    Store,
    /// 800–899: the program that calls this library.
    Caller,
}

impl Family {
    /// The exit code of a command-line program for an error of this family (1 to 125).
    ///
    /// ```
    /// assert_eq!(fido_unlock_protocol::Family::Code.exit_code(), 20);
    /// ```
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Device => 10,
            Self::Code => 20,
            Self::Pin => 30,
            Self::Policy => 40,
            Self::Transport => 50,
            Self::Signer => 60,
            Self::Store => 70,
            Self::Caller => 80,
        }
    }

    /// The family's name in lower case, as JSON output prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Code => "code",
            Self::Pin => "pin",
            Self::Policy => "policy",
            Self::Transport => "transport",
            Self::Signer => "signer",
            Self::Store => "store",
            Self::Caller => "caller",
        }
    }
}

/// An error that has a row in the table.
pub trait HasCode {
    /// The row of this error.
    fn code(&self) -> ErrorCode;
}

impl<E: HasCode + ?Sized> HasCode for &E {
    fn code(&self) -> ErrorCode {
        (**self).code()
    }
}

macro_rules! error_table {
    ($($number:literal $name:ident $family:ident $message:literal $next:literal)+) => {
        /// A row of the error table.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum ErrorCode {
            $(#[doc = $message] $name = $number,)+
        }

        impl ErrorCode {
            /// Every row, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable number.
            ///
            /// ```
            /// assert_eq!(fido_unlock_protocol::ErrorCode::DeviceNotLocked.number(), 101);
            /// ```
            #[must_use]
            pub const fn number(self) -> u16 {
                match self { $(Self::$name => $number,)+ }
            }

            /// The stable name, as JSON output and the bindings give it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// What happened, in one sentence for a person.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)+ }
            }

            /// What the person can do now, in one sentence.
            #[must_use]
            pub const fn next_step(self) -> &'static str {
                match self { $(Self::$name => $next,)+ }
            }

            /// The family; see [`Family::exit_code`].
            #[must_use]
            pub const fn family(self) -> Family {
                match self { $(Self::$name => Family::$family,)+ }
            }

            /// The row with this number, if there is one.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

error_table! {
    101 DeviceNotLocked Device "device not locked" "Sign in with your PIN; there is nothing to unlock."
    102 DeviceNotEnrolled Device "this device was never enrolled for unlocking" "Ask the help desk for another device; only a reset, which destroys every credential on it, makes this one usable again."
    103 PinAuthBlocked Device "the device refuses PINs until it is plugged in again" "Take the key out and put it back in, then try your PIN again."
    104 TooManyWrongResponses Device "five wrong Response Codes since the device was plugged in" "Take the key out and put it back in, then type the same Response Code again: it is still good."
    105 ResponseWrong Device "this Response Code does not match this device and challenge" "Read the Device ID and the Device Challenge to the help desk again, and check every group of the Response Code."
    106 ChallengePending Device "the device is waiting for the response to another challenge" "Show the Device Challenge again and give it to the help desk."
    107 ChallengeUsed Device "the device has been unlocked since it showed this challenge, so the Response Code is void" "If you did not unlock it, tell the help desk; otherwise sign in with the new PIN."
    108 ChallengeRenewed Device "the device has a new challenge, so the Response Code for the old one is void" "Give the new Device Challenge to the help desk and ask for a new Response Code."
    109 OtherDevice Device "this is not the device that the unlock was started with" "Put back the device whose Device ID was shown."
    110 TouchTimedOut Device "nobody touched the device in time" "Try again and touch the device when it blinks."
    111 TouchRefused Device "the request was declined on the device" "Try again and confirm on the device."
    112 ForeignIssuer Device "the device trusts an issuer key that is not this help desk's" "Give the device to your security team: someone else could unlock it."
    113 UvBlocked Device "the fingerprint sensor is blocked" "Use your PIN."
    114 PinNotSet Device "the device has no PIN" "Set a PIN in the system's settings."
    115 PinInvalid Device "wrong PIN" "Try again, carefully: each wrong PIN uses up a try."
    116 PinBlocked Device "the PIN is blocked: too many wrong tries" "Ask the help desk to unlock the device."
    117 MacRefused Device "the device could not verify the message that was sent to it" "Try again; if it happens again, take the key out and put it back in."
    118 NoEntropy Device "the device could not generate a random number" "Take the key out and put it back in; if it happens again, the device is broken."
    119 UnexpectedStatus Device "the device answered with an unexpected status" "Take the key out, put it back in and try again."
    120 MalformedAnswer Device "the device's answer does not follow the protocol" "Take the key out, put it back in and try again; if it happens again, the device is broken or incompatible."
    121 NotSupported Device "the device does not know this command" "Use a device that supports unlocking."
    122 Sealed Device "the device is sealed: its issuer keys are already enrolled" "Rotate the issuer key instead, or reset the device first, which destroys every credential on it."
    123 ProbeFailed Device "the device refused the test response: an unlock would not work" "Do not hand this device out; enrol it again with the right issuer key."
    124 OutcomeUnknown Device "the connection broke before the device confirmed the unlock" "Put this device back in: the program asks it whether the new PIN is set."
    125 OtherApplet Device "the card's PIN belongs to another applet" "Use the card's own program for that PIN."
    126 EnrolmentRefused Device "the device has a PIN or credentials, so it cannot be enrolled without permission" "Enrol it before a PIN is set, or enter its PIN, which permits the enrolment."
    127 RotationRefused Device "the device refused the new issuer key" "Check that both keys are the right ones and that the rotation number is the next one."
    128 RenewRefused Device "a new challenge needs a touch, or a request within ten seconds of plugging in" "Take the key out, put it back in and ask for the new challenge at once."
    129 SuiteNotEnrolled Device "the device has no key in this slot" "Ask the help desk which slot and suite this device uses."
    130 StoreBroken Device "the device could not read or write its own memory" "Take the key out and put it back in; if it happens again, the device is broken."
    131 LastSlot Device "this is the device's only issuer key: without it, nobody could ever unlock the device" "Rotate the slot to another key instead, or keep it."
    132 CounterAtEnd Device "the device's counter has reached its end: it can never be unlocked again" "Reset the device, which destroys every credential on it; if that does not help, replace it."

    201 CodeLength Code "the code has the wrong length" "Compare the code group by group: something is missing or extra."
    202 CodeCharacter Code "the code contains a character that no code uses" "Type only letters and digits."
    203 CodeCheck Code "the code has a typing error" "Compare the named groups with what was read out."
    204 CodeKind Code "this is the wrong kind of code" "Type the code that this field asks for."
    205 CodeOrder Code "the lines of the code are in the wrong order" "Type the lines in the order in which they were read out."
    206 CodePadding Code "the code is not one that this software makes" "Ask for the code again."
    207 CodeVersion Code "the challenge has a version that this software does not know" "Update this software."
    208 CodeSuite Code "the challenge names a suite that this software does not know" "Update this software."

    301 PinTooShort Pin "the PIN is too short" "Choose a longer PIN."
    302 PinTooLong Pin "the PIN is too long" "Choose a shorter PIN."
    303 PinCharacter Pin "the PIN contains a character that is not allowed" "Use only the characters that the rules allow: letters and digits, unless they say otherwise."
    304 PinTrivial Pin "the PIN is too easy to guess" "Avoid sequences and repeated characters."
    305 PinListed Pin "the PIN is on the list of forbidden PINs" "Choose another PIN."
    306 PinConfirmation Pin "the two PINs are not the same" "Type the new PIN twice, the same each time."
    307 PinRefusedByDevice Pin "the device's own rules refuse this PIN" "Choose a longer or less regular PIN; the Response Code is still good."
    308 PinSameAsOld Pin "the device requires a PIN that differs from the old one" "Choose a new PIN."

    401 LicenceMissing Policy "there is no licence" "Ask the licence contact for a licence."
    402 LicenceExpired Policy "the licence has expired" "Ask the licence contact for a new licence."
    403 ServiceOff Policy "the unlock service is switched off" "Ask an Administrator to switch the service on."
    404 LicenceDevices Policy "more devices are registered than the licence covers" "Ask the licence contact for more devices."
    405 PrivilegeMissing Policy "you do not have the privilege for this" "Ask an Administrator for the privilege."
    406 CallerUnverified Policy "the caller has not been verified" "Verify the caller by one of the methods that the policy allows."
    407 CallerMethod Policy "this way of verifying the caller is not enough for this user" "Verify the caller by a stronger method."
    408 ReasonMissing Policy "a reason or ticket number is required" "Enter the reason or the ticket number."
    409 ApprovalMissing Policy "a second operator must approve" "Ask another operator to approve this request."
    410 ApprovalSelf Policy "you cannot approve your own request" "Ask another operator to approve this request."
    411 LimitDevice Policy "too many Response Codes have been given out for this device" "Wait, or ask an Administrator."
    412 LimitOperator Policy "you have given out too many Response Codes" "Wait, or ask another operator."
    413 LimitIssuer Policy "too many Response Codes have been given out in total" "Wait, or ask an Administrator."
    414 RequestExpired Policy "the request has run out" "Begin a new request and verify the caller again."
    415 RequestUsed Policy "the request has already been answered" "Begin a new request."
    416 UserUnknown Policy "no such user is registered" "Search again; check the spelling."
    417 DeviceUnknown Policy "no such device is registered" "Read the Device ID again; register the device if it is new."
    418 ChallengeElsewhere Policy "this challenge was already answered for another Device ID" "Stop the call and tell your security team. If the other call was about the wrong device by mistake, this caller can have a new challenge made."
    419 CounterWentBack Policy "the device's unlock counter went back: an old copy of its memory may have been restored" "Stop the call and tell your security team."
    420 CounterMoved Policy "the device was unlocked without a record of it" "If the caller has used the code of a request that is named, record that it is done and answer again; otherwise tell your security team. An Administrator can acknowledge the alarm."
    421 ChallengeSuite Policy "the challenge's suite is not the one registered for this device" "Stop the call and tell your security team."
    422 ChallengeSlot Policy "the challenge's key slot is not the one registered for this device" "Ask for a challenge for the registered slot."
    423 ClockWentBack Policy "this computer's clock went back" "Correct the clock; nothing is signed until then."
    424 AdminKeyDefault Policy "this admin key is a known default" "Give the device an admin key of its own."
    425 AdminKeyShared Policy "another device has the same admin key" "Give each device an admin key of its own."
    426 ChannelUnusable Policy "the channel was typed in or changed recently, so no code is sent to it" "Use another registered channel, or read the code out."
    427 OperatorUnknown Policy "no such operator, or wrong password" "Sign in again."
    428 DeviceRetired Policy "this device is no longer in use" "Ask the user which device they mean."
    429 RequestUnknown Policy "no such request is open" "Begin a new request."
    430 DeviceNotUsers Policy "this device is registered for another user" "Search for the device and read its owner's name to the caller."
    431 DeviceExists Policy "this Device ID is already registered" "Look at the registered device first."
    432 ApprovalRefused Policy "the second operator did not approve" "Give out no code; ask the second operator why."
    433 ApprovalUnavailable Policy "the approval system cannot be reached" "Try again, or have the second operator sign in here and approve."
    434 ApprovalElsewhere Policy "the approval is for another request, or for this one before it was changed" "Ask for approval of this request as it is now."
    435 ApproverUnknown Policy "the approver is not an operator of this help desk" "Ask an operator of this help desk to approve this request."
    436 ApproverPrivilege Policy "the approver does not have the privilege for this" "Ask an operator who may answer callers to approve this request."
    437 DeskNotOpen Policy "the help desk is still being set up: it gives no code yet" "Ask an Administrator to end the set-up (`desk open`)."
    438 SignInLocked Policy "too many wrong passwords were typed for this operator" "Wait until the time named, then sign in again; or ask an Administrator for a new password."
    439 ClockDiffers Policy "this computer's clock differs from the database's" "Correct the clock of the one that is wrong; nothing is signed until then."
    440 PasswordWeak Policy "the password or passphrase is too short or too common" "Choose a longer one: three or four words that do not belong together."
    441 SetUpEnded Policy "the help desk's set-up has ended" "Make the change as a signed-in Administrator."
    442 OperatorExists Policy "there is an operator of this name, or of one that looks like it" "Choose another name."
    443 LastAdministrator Policy "this is the help desk's only Administrator" "Make another operator an Administrator first."
    444 LicenceRefused Policy "this is no licence that the vendor signed" "Ask the licence contact for the file again, and give it as it is."
    445 ApproverTookOver Policy "the operator approved this request before taking it over" "Ask another operator to approve this request."
    446 NothingRests Policy "nothing that was asked for rests here" "Look at what holds: the change may hold already, or was replaced by another."
    447 OperatorMissing Policy "there is no operator of this name" "Check the spelling; an Administrator sees all operators."
    448 AlarmUnknown Policy "there is no such alarm, or it was acknowledged before" "List the alarms that stand."
    450 ConfirmationMissing Policy "this needs a sign-in of the last few minutes" "Confirm that it is you, then do it again."
    451 PasskeyWanted Policy "this operator signs in with a passkey" "Sign in in the help desk's console, with the passkey; if it is lost, ask an Administrator for a one-time code."
    452 PasskeyRefused Policy "the passkey was not taken" "Try again, or use another passkey."
    453 SignInCodeWrong Policy "no such operator, or the one-time code is wrong or has run out" "Check both: a code is good once, for a day. Ask an Administrator for a new one."
    454 CallerDenied Policy "the user's manager or an operator says that the caller is not the user" "Give no code, end the call and tell your security team."

    501 NoDevice Transport "no security key or card was found" "Put the key in, or lay the card on the reader."
    502 PermissionDenied Transport "this user may not open the device" "Install the udev rule from the documentation, or ask your administrator."
    503 NeedsElevation Transport "only an administrator may open the device" "Run as administrator."
    504 Sandboxed Transport "the sandbox that this program runs in hides the device" "Give the program access to USB devices or smart cards."
    505 Busy Transport "another program is using the device" "Close other programs that use the device and try again."
    506 Gone Transport "the device was removed" "Put the device back and try again."
    507 DeadlineExceeded Transport "the device did not answer in time" "Take the key out, put it back in and try again."
    508 Cancelled Transport "cancelled" "Start again when you are ready."
    509 Framing Transport "the device sent something that is not CTAP" "Take the key out, put it back in and try again."
    510 MessageTooLarge Transport "the message is too large for the device" "Use a shorter PIN or another suite."
    511 NoService Transport "the smart card service is not running" "Start the smart card service (pcscd)."
    512 NoReader Transport "no smart card reader was found" "Connect a reader."
    513 NoCard Transport "there is no card in the reader" "Put the card in, or lay it on the reader."
    514 TransportFailed Transport "the connection to the device failed" "Take the device out, put it back and try again."
    515 CardReset Transport "another program reset the card" "Try again."
    516 AppletMissing Transport "the card has no FIDO applet" "Use another card."
    517 SeveralDevices Transport "several devices are connected" "Name one of them, or take the others out."
    518 ServiceRefused Transport "the smart card service refuses this user" "Ask your administrator for access to smart cards: on Linux a polkit rule that allows org.debian.pcsc-lite.access_pcsc and org.debian.pcsc-lite.access_card."
    519 ServiceOutdated Transport "the smart card service is older than this program's library" "Update the smart card service (pcscd), or install the program and the service from the same release of the system."
    520 NotBuilt Transport "this program was built without USB keys and smart cards" "Install a build of it that has them (features `hid` and `pcsc`)."
    521 DeskUnreachable Transport "the help desk cannot be reached" "Check its address and the network, and try again."

    601 KeyMissing Signer "there is no issuer key for this slot" "Restore the key from its backup; without it these devices can no longer be unlocked."
    602 KeyFile Signer "the key file does not hold a key in a known format" "Choose another file: PKCS#8 in PEM or DER, or a key encrypted with age."
    603 KeyPassphrase Signer "the passphrase does not open the key file" "Type the passphrase again."
    604 SignerSuite Signer "this key is for another suite" "Use the key that was made for this suite."
    605 SignerUnavailable Signer "the signer cannot be reached" "Check the HSM's connection and try again."
    606 SignerFailed Signer "the signer refused to make the response" "Look at the signer's own log."
    607 InvalidPoint Signer "a public key is not a point on the curve" "Check the registry's entry for this device."
    608 KeyRetired Signer "this issuer key is retired and serves only devices that have not been rotated yet" "Use the current key."
    609 KeyExists Signer "this slot already has a key" "Rotate the key, or choose another slot."
    610 EntropyFailed Signer "this computer could not generate a random number" "Try again; if it happens again, this computer's random source is broken."
    611 KeyPurpose Signer "the checkpoint key is also an issuer key" "Make a separate key for checkpoints."
    612 KeyElsewhere Signer "these are the keys, or the database, of another help desk" "Give the backup that this help desk made."

    701 StoreRead Store "stored data cannot be read" "Check the path and its permissions."
    702 StoreWrite Store "data cannot be stored" "Check the disk and its permissions, then try again."
    703 StoreCorrupt Store "stored data is damaged" "Restore it from the backup."
    704 AuditBroken Store "the audit log was changed or has a gap" "Keep the file as it is and tell your security team."
    705 AuditCheckpoint Store "the audit log does not agree with its checkpoint" "Keep both files as they are and tell your security team."
    706 StoreVersion Store "stored data has a version that this software does not know" "Update this software."
    707 StoreBusy Store "another program is writing to the same data" "Close the other program and try again."
    708 SessionUnreadable Store "the saved unlock cannot be read" "Begin again: the device still has the same Device Challenge."
    709 TextEncoding Store "the text is neither UTF-8 nor UTF-16" "Save it as UTF-8 and try again."
    710 TextTooLong Store "the text is too long" "Give only the text that was asked for."
    711 TextForm Store "the text does not have the expected form" "Correct it at the place named, or have it written again."
    712 FolderShared Store "other users of this computer can write to the folder" "Check that everything in it is yours, take that right away (chmod go-w, or chown), and try again."

    713 StoreTampered Store "stored data is not what the help desk wrote: somebody changed it" "Keep the database as it is and tell your security team."
    714 StoreSetBack Store "the help desk's data is older than what was seen of it before" "If you restored a backup, run `desk restore`; otherwise tell your security team."
    715 StoreFull Store "there is no room left to store data" "Make room on the disk, then try again; nothing was lost."
    716 StoreOutdated Store "this is the folder of an older version, which this one cannot read" "Make a new help desk with `desk init`, and enter users and devices again with `desk import`."
    717 NoteUntrusted Store "nobody whom this program trusts has signed this text" "Get the text from the help desk again, and with it the line of the key that signs it."
    718 EntryUnknown Store "the audit log has no such entry" "Give a place in the log, which begins with 0."

    801 InvalidArgument Caller "the library was called with an invalid argument" "Tell the maker of this program."
    802 WrongState Caller "the library was called in the wrong order" "Tell the maker of this program."
    803 HostFailed Caller "the program's own part failed" "Tell the maker of this program."
    804 Usage Caller "what was given on the command line or typed cannot be used" "Correct what is named; --help says what the command takes."
    805 NotInteractive Caller "a secret must be typed, but there is no terminal" "Run it in a terminal, or give the secret on standard input where the program offers that."
    806 OutputFailed Caller "the result cannot be written" "Free some space, or name another output, and try again."
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.name())
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for ErrorCode {}

impl HasCode for ErrorCode {
    fn code(&self) -> ErrorCode {
        *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_lie_in_their_family() {
        for pair in ErrorCode::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number(), "{:?}", pair[1]);
        }
        for code in ErrorCode::ALL {
            let hundreds = match code.family() {
                Family::Device => 1,
                Family::Code => 2,
                Family::Pin => 3,
                Family::Policy => 4,
                Family::Transport => 5,
                Family::Signer => 6,
                Family::Store => 7,
                Family::Caller => 8,
            };
            assert_eq!(code.number() / 100, hundreds, "{code:?}");
            assert_eq!(ErrorCode::from_number(code.number()), Some(*code));
            assert!((1..=125).contains(&code.family().exit_code()));
        }
    }

    #[test]
    fn every_row_says_what_to_do_next() {
        for code in ErrorCode::ALL {
            assert!(!code.message().ends_with('.'), "{code:?}");
            assert!(code.next_step().ends_with('.'), "{code:?}");
        }
    }
}
