//! What an entry records.

macro_rules! events {
    ($($number:literal $name:ident $doc:literal)+) => {
        /// What happened; the number stands in the entry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum AuditEvent {
            $(#[doc = $doc] $name = $number,)+
        }

        impl AuditEvent {
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
    2 LogRecovered "The log was opened with an unfinished last entry, which was never receipted and was dropped."
    10 SignedIn "An operator signed in."
    11 Searched "An operator searched; the text is in `detail`."
    20 RequestOpened "A request was opened; its id is this entry's sequence number. The reason is in `detail`."
    21 CallerVerified "The caller was verified."
    22 Approved "A second operator approved."
    23 ChallengeAccepted "A Device Challenge passed the desk's checks."
    24 ReasonChanged "The reason of a request was changed."
    30 Authorised "A Response Code is about to be made; the limits have been taken."
    31 CodeMade "A Response Code was made and is about to be shown or sent."
    32 CodeSent "The code was handed over to the user's channel."
    40 Done "The device was unlocked."
    41 Abandoned "The unlock was given up; the code may still be good."
    42 NoticeFailed "The owner could not be told."
    50 Refused "The desk refused or failed; `error` says why."
    60 AlarmRaised "Something does not fit; `error` says what."
    61 AlarmAcknowledged "An Administrator acknowledged an alarm."
    70 UserChanged "A user was added or changed."
    71 ChannelChanged "A user's channel was added or changed."
    72 ChannelRemoved "A user's channel was removed."
    80 DeviceRegistered "A device was registered."
    81 DeviceRotated "A device's issuer key was rotated."
    82 DeviceRetired "A device was taken out of use."
    83 PinBlocked "A device's forgotten PIN is about to be blocked on purpose."
    90 ServiceSwitched "The service was switched on or off."
    91 CheckpointMade "A checkpoint was signed."
    92 IssuerKeyMade "An issuer key was made or rotated."
    93 IssuerKeysBackedUp "The issuer keys were backed up."
    94 IssuerKeysRestored "The issuer keys were restored from a backup."
    95 OperatorChanged "An operator was added or changed."
    96 DownloadFetched "A program for users was fetched."
    97 ClockAccepted "An Administrator accepted a clock that is behind the log; the only entry whose time may go back."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_come_back() {
        for pair in AuditEvent::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number());
        }
        for event in AuditEvent::ALL {
            assert_eq!(AuditEvent::from_number(event.number()), Some(*event));
        }
    }
}
