//! How a device, or a step of the host, can refuse: one type for each, with only what can happen there.
//!
//! Callers match on them, so they are exhaustive: a new refusal is a compile error wherever its screen is
//! missing. Each has its row in the error table.

use core::fmt;

use fido_unlock_protocol::error::{ErrorCode, HasCode};

/// Each line is a refusal and the row of the error table that it has; a line without a row does not compile.
macro_rules! refusals {
    ($($(#[doc = $head:literal])+ $type:ident { $($(#[doc = $doc:literal])+ $name:ident = $code:ident,)+ })+) => {$(
        $(#[doc = $head])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[doc = $doc])+ $name,)+
        }

        impl $type {
            /// Every one of them, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its row in the error table.
            #[must_use]
            pub const fn code(self) -> ErrorCode {
                match self { $(Self::$name => ErrorCode::$code,)+ }
            }
        }

        impl HasCode for $type {
            fn code(&self) -> ErrorCode {
                (*self).code()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str((*self).code().message())
            }
        }

        impl core::error::Error for $type {}
    )+};
}

refusals! {
    /// How a device refuses a command of the unlock (docs/protocol.md, "Status codes"), unless the status
    /// has its own meaning in that step: see [`EnrollRefusal`], [`RotateRefusal`] and
    /// [`ProbeError::Failed`](crate::ProbeError::Failed).
    DeviceRefusal {
        /// Its PIN is not blocked.
        NotLocked = DeviceNotLocked,
        /// It was never enrolled.
        NotEnrolled = DeviceNotEnrolled,
        /// It accepts no PIN until it is plugged in again.
        PinAuthBlocked = PinAuthBlocked,
        /// `unlock`: five responses were wrong in this power-up.
        TooManyWrongResponses = TooManyWrongResponses,
        /// `unlock`: the response is wrong.
        WrongResponse = ResponseWrong,
        /// Another challenge is pending, or none.
        OtherChallengePending = ChallengePending,
        /// Nobody touched it in time.
        TouchTimedOut = TouchTimedOut,
        /// The touch was refused.
        TouchRefused = TouchRefused,
        /// `pinUvAuthParam` is wrong.
        MacRefused = MacRefused,
        /// It has no random bytes.
        NoEntropy = NoEntropy,
        /// From a device that does not speak CTAP: a reason that has no meaning in this command. One that does
        /// gives [`CommandError::Status`](crate::CommandError::Status).
        Unexpected = UnexpectedStatus,
        /// It does not know the command.
        NotSupported = NotSupported,
        /// `getChallenge`: a new challenge needs a touch that it cannot ask for.
        RenewRefused = RenewRefused,
        /// `getChallenge`, `probe`: the slot has no key, or one that is of no use there.
        SlotEmpty = SuiteNotEnrolled,
        /// Its flash failed; nothing changed.
        StoreBroken = StoreBroken,
        /// A counter has reached its end, so that no unlock is left.
        CounterAtEnd = CounterAtEnd,
        /// `unlock`: its own rules refuse this PIN; the response is still good.
        PinRefused = PinRefusedByDevice,
        /// It serves another channel.
        Busy = Busy,
        /// Cancelled; nothing was done.
        Cancelled = Cancelled,
        /// The message is longer than it takes.
        MessageTooLarge = MessageTooLarge,
    }

    /// How a device refuses `authenticatorClientPIN` (CTAP 2.1 §6.5.5).
    ClientPinRefusal {
        /// It accepts no PIN until it is plugged in again.
        PinAuthBlocked = PinAuthBlocked,
        /// The fingerprint sensor is blocked.
        UvBlocked = UvBlocked,
        /// It has no PIN.
        PinNotSet = PinNotSet,
        /// Wrong PIN.
        PinInvalid = PinInvalid,
        /// The PIN is blocked for good.
        PinBlocked = PinBlocked,
        /// `pinUvAuthParam` is wrong.
        MacRefused = MacRefused,
        /// It does not know the command.
        NotSupported = NotSupported,
        /// Its own rules refuse this PIN.
        PinRefused = PinRefusedByDevice,
        /// Cancelled; nothing was done.
        Cancelled = Cancelled,
    }

    /// What forbids a step of a [`Session`](crate::Session), whatever the device would say.
    SessionRefusal {
        /// `begin`, `resolve`: the PIN is not blocked, and not by this session's unlock.
        DeviceNotLocked = DeviceNotLocked,
        /// `begin`: the device was never enrolled.
        DeviceNotEnrolled = DeviceNotEnrolled,
        /// `unlock`, `resolve`: the device has been unlocked since, so the Response Code is void.
        ChallengeUsed = ChallengeUsed,
        /// `unlock`: the device has a new challenge, so the Response Code for the old one is void.
        ChallengeRenewed = ChallengeRenewed,
        /// Another device was put in.
        OtherDevice = OtherDevice,
        /// `unlock`: the device requires a PIN that differs from the old one; the response is still good.
        PinSameAsOld = PinSameAsOld,
        /// `unlock`, `resolve`: the answer was lost, and the device cannot be asked, or does not say; call
        /// [`Session::resolve`](crate::Session::resolve) with this device put back in.
        OutcomeUnknown = OutcomeUnknown,
        /// `begin`: the slot that was asked for has no key, or no slot has one that this version knows.
        SlotEmpty = SuiteNotEnrolled,
        /// `unlock`: the Response Code is of another suite.
        WrongSuite = InvalidArgument,
        /// `unlock`: the PIN cannot be sent because it is empty, which a device and a policy without a minimum
        /// allow.
        PinUnsendable = InvalidArgument,
    }

    /// What forbids an enrolment.
    EnrollRefusal {
        /// The device is enrolled already.
        Sealed = Sealed,
        /// It has a PIN or credentials, and no token for them was given.
        NotPermitted = EnrolmentRefused,
        /// The admin key is a known default; nothing was sent.
        AdminKeyDefault = AdminKeyDefault,
    }

    /// What forbids a rotation. All but [`Proof`](Self::Proof) are noticed before anything is proven or sent.
    RotateRefusal {
        /// The device was never enrolled.
        NotEnrolled = DeviceNotEnrolled,
        /// A slot holds a key other than the plan says.
        ForeignIssuer = ForeignIssuer,
        /// The device refused the proofs.
        Proof = RotationRefused,
        /// The slot's rotation number is at its end.
        NumberAtEnd = RotationRefused,
        /// A slot of the plan has no key.
        SlotEmpty = SuiteNotEnrolled,
        /// The only slot would be closed.
        LastSlot = LastSlot,
    }
}

impl DeviceRefusal {
    /// The refusal with this row, for a device that does not speak CTAP. `None`: no device refuses a command
    /// of the unlock in this way.
    #[must_use]
    pub fn from_code(code: ErrorCode) -> Option<Self> {
        Self::ALL.iter().copied().find(|refusal| refusal.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use core::fmt::{Debug, Display};

    use super::*;

    fn numbers<R: HasCode + Debug + Display>(all: &[R]) -> Vec<(alloc::string::String, u16)> {
        for refusal in all {
            assert_eq!(alloc::format!("{refusal}"), refusal.code().message());
        }
        all.iter()
            .map(|refusal| (alloc::format!("{refusal:?}"), refusal.code().number()))
            .collect()
    }

    fn named(list: &[(&str, u16)]) -> Vec<(alloc::string::String, u16)> {
        list.iter()
            .map(|(name, number)| ((*name).into(), *number))
            .collect()
    }

    /// A number never changes its meaning.
    #[test]
    fn each_refusal_keeps_its_number() {
        let device = [
            ("NotLocked", 101),
            ("NotEnrolled", 102),
            ("PinAuthBlocked", 103),
            ("TooManyWrongResponses", 104),
            ("WrongResponse", 105),
            ("OtherChallengePending", 106),
            ("TouchTimedOut", 110),
            ("TouchRefused", 111),
            ("MacRefused", 117),
            ("NoEntropy", 118),
            ("Unexpected", 119),
            ("NotSupported", 121),
            ("RenewRefused", 128),
            ("SlotEmpty", 129),
            ("StoreBroken", 130),
            ("CounterAtEnd", 132),
            ("PinRefused", 307),
            ("Busy", 505),
            ("Cancelled", 508),
            ("MessageTooLarge", 510),
        ];
        assert_eq!(numbers(DeviceRefusal::ALL), named(&device));
        let client_pin = [
            ("PinAuthBlocked", 103),
            ("UvBlocked", 113),
            ("PinNotSet", 114),
            ("PinInvalid", 115),
            ("PinBlocked", 116),
            ("MacRefused", 117),
            ("NotSupported", 121),
            ("PinRefused", 307),
            ("Cancelled", 508),
        ];
        assert_eq!(numbers(ClientPinRefusal::ALL), named(&client_pin));
        let session = [
            ("DeviceNotLocked", 101),
            ("DeviceNotEnrolled", 102),
            ("ChallengeUsed", 107),
            ("ChallengeRenewed", 108),
            ("OtherDevice", 109),
            ("PinSameAsOld", 308),
            ("OutcomeUnknown", 124),
            ("SlotEmpty", 129),
            ("WrongSuite", 801),
            ("PinUnsendable", 801),
        ];
        assert_eq!(numbers(SessionRefusal::ALL), named(&session));
        let enroll = [("Sealed", 122), ("NotPermitted", 126), ("AdminKeyDefault", 424)];
        assert_eq!(numbers(EnrollRefusal::ALL), named(&enroll));
        let rotate = [
            ("NotEnrolled", 102),
            ("ForeignIssuer", 112),
            ("Proof", 127),
            ("NumberAtEnd", 127),
            ("SlotEmpty", 129),
            ("LastSlot", 131),
        ];
        assert_eq!(numbers(RotateRefusal::ALL), named(&rotate));
    }

    #[test]
    fn a_row_of_a_device_is_one_refusal_and_no_other_row_is() {
        for code in ErrorCode::ALL {
            let found = DeviceRefusal::from_code(*code);
            let of_that_row = DeviceRefusal::ALL
                .iter()
                .filter(|refusal| refusal.code() == *code);
            assert_eq!(usize::from(found.is_some()), of_that_row.count(), "{code:?}");
            assert!(found.is_none_or(|refusal| refusal.code() == *code));
        }
        assert_eq!(DeviceRefusal::from_code(ErrorCode::OutcomeUnknown), None);
    }
}
