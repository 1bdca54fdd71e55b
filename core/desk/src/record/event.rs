//! What an entry records.

macro_rules! events {
    ($($number:literal $name:ident $doc:literal)+) => {
        /// What happened; the number stands in the entry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum DeskEvent {
            $(#[doc = $doc] $name = $number,)+
        }

        impl DeskEvent {
            /// Every event, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its number.
            #[must_use]
            pub const fn number(self) -> u16 {
                self as u16
            }

            /// The event with this number.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$name),)+ _ => None }
            }

            /// Its name in JSON.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }
        }
    };
}

events! {
    1 LogCreated "The log begins."
    2 LogRestored "The log goes on from a backup under a new id, which this entry is the first to have; the text is the head under the old one, as a checkpoint has it, an empty line and what had happened."
    3 SetUpEnded "The set-up has ended: codes are given from now on, and what loosens rests."
    10 SignedIn "An operator signed in."
    11 Searched "An operator searched; the text is what they looked for."
    12 SignInsRefused "Passwords, passkeys or one-time codes were refused in the window that ends here; `count` says how many."
    13 SignedOut "An operator signed out, or ended sessions of theirs; `count` says then how many."
    20 RequestOpened "A request was opened; the text is its reason."
    21 CallerVerified "The caller was verified."
    22 Approved "A second operator approved."
    23 ChallengeAccepted "A Device Challenge passed the desk's checks."
    24 ReasonChanged "The reason of a request was changed; the text is the new one."
    25 TakenOver "Another operator took the request over: what was verified and approved is void."
    26 DeliveryChanged "The code is to go another way; the text is the channel's id, without one it is shown."
    27 ApprovalAsked "Another system was asked for an approval: one that was given before is void."
    28 ManagerAsked "The caller's manager, who is the other person, was asked whether the caller is the user."
    29 CallerDenied "The caller's manager says that the caller is not the user: the request ends."
    30 Authorised "A Response Code is about to be made; the limits have been taken."
    31 CodeMade "A Response Code was made and is about to be shown or sent."
    32 CodeSent "The code was handed over to the user's channel."
    33 CallerNotKnown "The caller's manager cannot say whether the caller is the user."
    34 CallerNumberNoted "The operator noted the number that the caller calls from, or says to; the text is the number."
    35 CallerReported "The operator says that the caller is not the user: the request ends; the text is what they saw or heard."
    40 Done "The operator says that the device was unlocked."
    41 Abandoned "The unlock was given up; the code may still be good."
    42 NoticeSent "A notice was handed over."
    43 NoticeFailed "A notice could not be handed over; the text says why."
    50 Refused "The desk refused or failed; `error` says why."
    60 AlarmRaised "Something does not fit; `error` says what."
    61 AlarmAcknowledged "An Administrator acknowledged an alarm; the text is what they found out."
    70 UserChanged "A user was added or changed, and the text is the class; or, with a count, so many changes of several users loosen."
    71 ChannelChanged "A user's channel was added or changed; the text is its id."
    72 ChannelRemoved "A user's channel was removed; the text is its id."
    73 UserErased "All that was known of a user was erased."
    74 ManagerChanged "A user's manager, who is the other person, was named or taken away."
    80 DeviceRegistered "A device was registered."
    81 DeviceRotated "A device's issuer key was rotated."
    82 DeviceRetired "A device was taken out of use."
    83 PinBlocked "A device's forgotten PIN is about to be blocked on purpose."
    84 SlotsSeen "A device's slots were looked at, and none has a foreign key."
    90 ServiceSwitched "The service was switched on or off; the text says which."
    91 CheckpointMade "A checkpoint is about to be signed, over this entry too."
    92 IssuerKeyMade "An issuer key was made or rotated into a slot."
    93 IssuerKeysBackedUp "The issuer keys were backed up."
    94 IssuerKeysRestored "The issuer keys were restored from a backup."
    95 OperatorChanged "An operator was added or changed; the text is roles and privileges."
    96 DownloadFetched "A program for users was fetched; the text is its name."
    97 ClockAccepted "An Administrator accepted a clock that went back; the only entry whose time may be before that of the one before. The text is what had happened."
    98 LicenceChanged "Another licence was put in; the text is whose and for how long."
    99 RulesChanged "The rules were changed; the text says what."
    100 ChangeApproved "A second Administrator let a change hold at once that had to rest; the text is the reason."
    101 OperatorRemoved "An operator was removed."
    102 PasswordChanged "An operator's password was changed; their sessions have ended."
    103 LogRead "An operator read or exported the log."
    104 AnnouncementsRead "An Administrator has read what every Administrator is told; `count` says how many."
    110 SignInConfirmed "An operator who is signed in showed again that it is they."
    111 PasskeyAdded "An operator added a passkey of theirs."
    112 PasskeyNamed "An operator gave a passkey of theirs another name."
    113 PasskeyRemoved "An operator removed a passkey of theirs; their other sessions have ended."
    114 SignInCodeGiven "A one-time code was made for an operator, by which they set a new password; their password, passkeys and sessions are gone. Without an operator: by whoever has the desk's keys; the text is then what had happened."
    115 TokenMade "An operator made an access token, by which a program acts in their name; the text is what it is for, and until when."
    116 TokenRevoked "An operator revoked an access token of theirs."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_come_back() {
        for pair in DeskEvent::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number());
        }
        for event in DeskEvent::ALL {
            assert_eq!(DeskEvent::from_number(event.number()), Some(*event));
        }
    }
}
